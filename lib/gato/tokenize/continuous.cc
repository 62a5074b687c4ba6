#include "gato/tokenize/continuous.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gato {
namespace {

constexpr double mu = Vocabulary::mu;
constexpr double bins = Vocabulary::bins;
const double log_range = std::log(Vocabulary::m * mu + 1);
constexpr double infinity = std::numeric_limits<double>::infinity();

// Doubles in their order as integers: neighbours differ by one.
double double_at(int64_t order) {
  const auto magnitude = static_cast<uint64_t>(std::abs(order));
  return std::copysign(std::bit_cast<double>(magnitude),
                       order < 0 ? -1.0 : 1.0);
}

// The least x whose bin is `bin` or above.
double least_value(int32_t bin) {
  const auto limit =
      static_cast<int64_t>(std::bit_cast<uint64_t>(2 * double{Vocabulary::m}));
  int64_t below = -limit, reached = limit;
  // Their difference may overflow; midpoint() rounds towards its first
  // argument.
  for (int64_t middle; (middle = std::midpoint(below, reached)) != below;) {
    (bin_of(compand(double_at(middle))) >= bin ? reached : below) = middle;
  }
  return double_at(reached);
}

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

CompandedBins::CompandedBins() {
  first_value_[0] = -infinity;
  for (int32_t bin = 1; bin < Vocabulary::bins; ++bin) {
    first_value_[static_cast<size_t>(bin)] = least_value(bin);
  }
  first_value_.back() = std::numeric_limits<double>::quiet_NaN();
  for (int64_t cell = 0; cell < cells; ++cell) {
    const auto edge = [cell](int64_t next) {
      return std::bit_cast<double>(
          static_cast<uint64_t>(first_cell + cell + next) << cell_shift);
    };
    const double smallest = cell == 0 ? 0 : edge(0);
    const double largest =
        cell == cells - 1 ? infinity : std::nextafter(edge(1), 0);
    const auto place = static_cast<size_t>(cell);
    lowest_bin_[0][place] = static_cast<uint16_t>(bin_of(compand(smallest)));
    lowest_bin_[1][place] = static_cast<uint16_t>(bin_of(compand(-largest)));
  }
}

const CompandedBins& CompandedBins::shared() {
  static const CompandedBins bins;
  return bins;
}

double bin_centre(int32_t bin) { return (2.0 * bin + 1) / bins - 1; }

}  // namespace gato
