// One episode being played, put together step by step.
#pragma once

#include <string>

#include "gato/env/environment.h"
#include "gato/rollout/policy.h"

namespace gato {

// What is wrong with `values` as a value of these fields: their number, an
// array of another type or shape, a NaN. Empty where all is well.
std::string problem_of(const Values& values, const std::vector<Field>& fields);

class EpisodeRecorder {
 public:
  explicit EpisodeRecorder(TaskSpec task) : task_(std::move(task)) {}

  // Forgets what was recorded and begins with nothing observed.
  void start(int64_t id, uint64_t seed);
  void observe(const Values& first_observation);
  // The values must have been checked with problem_of. A scalar of `info` that
  // other steps do not report counts as 0 there.
  void step(const Decision& decision, const StepResult& result);
  int64_t steps() const { return episode_.steps(); }

  // The episode ends. It is a success where any step's info "success" was above
  // one half, a failure where all were not, neither where none was reported.
  // One that `failed` keeps what it had, its last step truncated; where not
  // even the first observation came it has one of zeros.
  Episode finish(bool failed);

 private:
  TaskSpec task_;
  Episode episode_;
};

}  // namespace gato
