// The learning rate of each step (paper, appendix D).
#pragma once

#include <cstdint>

namespace gato::train {

// Warm-up on a line from `start` to `peak`, then half a cosine down to
// `final_fraction` of the peak, which is kept from then on. A function of the
// step alone: it does not know how many steps a run will make, so that a run
// can be stopped, resumed and extended without a change to what it does.
struct LearningRateSchedule {
  double peak_rate = 1e-4;
  int64_t warmup_steps = 15000;
  int64_t decay_steps = 1000000;  // the step where the cosine ends; 0: constant
  double warmup_start_rate = 1e-7;
  double final_fraction = 0.1;

  // Rate of step `step`, counted from 0. No warm-up starts at the peak.
  double rate(int64_t step) const;
};

}  // namespace gato::train
