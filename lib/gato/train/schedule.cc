#include "gato/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gato {

double Schedule::rate(int64_t step) const {
  if (step < warmup_steps) {
    return start + (peak - start) * double(step) / double(warmup_steps);
  }
  if (decay_steps == 0) return peak;
  const double length =
      double(std::max<int64_t>(1, decay_steps - warmup_steps));
  const double done = std::min(1.0, double(step - warmup_steps) / length);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * done));
  return peak * (final_fraction + (1 - final_fraction) * cosine);
}

}  // namespace gato
