#include "gato/train/learning_rate_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gato::train {

double LearningRateSchedule::rate(int64_t step) const {
  if (step < warmup_steps) {
    return warmup_start_rate + (peak_rate - warmup_start_rate) *
                                   static_cast<double>(step) /
                                   static_cast<double>(warmup_steps);
  }
  if (decay_steps == 0) {
    return peak_rate;
  }
  const double length =
      static_cast<double>(std::max<int64_t>(1, decay_steps - warmup_steps));
  const double done =
      std::min(1.0, static_cast<double>(step - warmup_steps) / length);
  // Loshchilov & Hutter 2017, equation 5, without restarts.
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * done));
  return peak_rate * (final_fraction + (1 - final_fraction) * cosine);
}

}  // namespace gato::train
