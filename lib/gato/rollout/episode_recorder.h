// Records an episode step by step while it is played.
#pragma once

#include <optional>
#include <string>

#include "gato/env/environment.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

class EpisodeRecorder {
 public:
  explicit EpisodeRecorder(data::TaskSpec task) : task_(std::move(task)) {}

  // Discards what was recorded and begins an episode.
  void begin_episode(int64_t id, uint64_t seed);
  void record_first_observation(const data::FieldValues& first_observation);
  // Records the action and the observation that it led to. Both must be valid
  // (see data::find_invalid_value). A scalar of `info` that only some steps
  // report is 0 in the others.
  void record_step(const PolicyOutput& output, const env::StepResult& result);
  int64_t step_count() const { return episode_.step_count(); }

  // Ends the episode and returns it. data::success_from_infos() decides
  // whether it succeeded. An episode with a `failure`, which says why, failed:
  // it keeps the steps that it has, the last one truncated, and gets an
  // observation of zeros if it has none.
  data::Episode finish(const std::optional<std::string>& failure);

 private:
  data::TaskSpec task_;
  data::Episode episode_;
};

}  // namespace gato::rollout
