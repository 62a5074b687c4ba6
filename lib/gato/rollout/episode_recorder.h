// One episode being played, put together step by step.
#pragma once

#include <string>

#include "gato/env/environment.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

class EpisodeRecorder {
 public:
  explicit EpisodeRecorder(data::TaskSpec task) : task_(std::move(task)) {}

  // Forgets what was recorded and begins with nothing observed.
  void begin_episode(int64_t id, uint64_t seed);
  void record_first_observation(const data::FieldValues& first_observation);
  // The values must have been checked with
  // data::find_invalid_value. A scalar of `info` that
  // other steps do not report counts as 0 there.
  void record_step(const PolicyOutput& output, const env::StepResult& result);
  int64_t step_count() const { return episode_.step_count(); }

  // The episode ends. It is a success where any step's info "success" was above
  // one half, a failure where all were not, neither where none was reported.
  // One that `failed` keeps what it had, its last step truncated; where not
  // even the first observation came it has one of zeros.
  data::Episode finish(bool failed);

 private:
  data::TaskSpec task_;
  data::Episode episode_;
};

}  // namespace gato::rollout
