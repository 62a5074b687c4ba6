// The learning rate of each step (Reed et al. 2022, appendix D).
#pragma once

#include <cstdint>

namespace gato::train {

// Linear warmup from `warmup_start_rate` to `peak_rate`, then cosine decay to
// `final_fraction` of the peak, which is kept from then on. The rate depends
// only on the step and not on the length of the run, so a run can be stopped,
// resumed and extended without changing its steps.
struct LearningRateSchedule {
  double peak_rate = 1e-4;
  int64_t warmup_steps = 15000;
  int64_t decay_steps = 1000000;  // end of the cosine decay; 0: no decay
  double warmup_start_rate = 1e-7;
  double final_fraction = 0.1;

  // Returns the rate of step `step`, counted from 0. Without warmup, step 0 has
  // the peak rate.
  double rate(int64_t step) const;
};

}  // namespace gato::train
