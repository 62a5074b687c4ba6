#include "gato/tokenize/continuous.h"

#include <algorithm>
#include <cmath>

#include "gato/data/vocabulary.h"

namespace gato {
namespace {

constexpr double mu = Vocabulary::mu;
constexpr double bins = Vocabulary::bins;
const double log_range = std::log(Vocabulary::m * mu + 1);

}  // namespace

double compand(double x) {
  return std::copysign(std::log(std::abs(x) * mu + 1) / log_range, x);
}

double expand(double y) {
  const double magnitude =
      (std::pow(Vocabulary::m * mu + 1, std::abs(y)) - 1) / mu;
  return std::copysign(magnitude, y);
}

int32_t bin_of(double y) {
  const double place = (std::clamp(y, -1.0, 1.0) + 1) / 2 * bins;
  return std::min(Vocabulary::bins - 1, static_cast<int32_t>(place));
}

double bin_centre(int32_t bin) { return (2.0 * bin + 1) / bins - 1; }

}  // namespace gato
