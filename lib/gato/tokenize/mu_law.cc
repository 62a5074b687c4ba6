#include "gato/tokenize/mu_law.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gato::tokenize {
namespace {

constexpr double kMu = data::Vocabulary::kMu;
constexpr double kBins = data::Vocabulary::kBinCount;
const double kLogRange = std::log(data::Vocabulary::kM * kMu + 1);
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Maps integers to doubles in the same order: neighbors differ by one ulp.
double ordinal_to_double(int64_t ordinal) {
  const auto magnitude = static_cast<uint64_t>(std::abs(ordinal));
  return std::copysign(std::bit_cast<double>(magnitude),
                       ordinal < 0 ? -1.0 : 1.0);
}

// Returns the smallest x whose bin is `bin` or above, by bisection over all
// doubles.
double find_bin_lower_edge(int32_t bin) {
  const auto limit = static_cast<int64_t>(
      std::bit_cast<uint64_t>(2 * double{data::Vocabulary::kM}));
  int64_t below = -limit, reached = limit;
  // std::midpoint does not overflow, and rounds toward its first argument.
  for (int64_t middle; (middle = std::midpoint(below, reached)) != below;) {
    (bin_index(mu_law_encode(ordinal_to_double(middle))) >= bin ? reached
                                                                : below) =
        middle;
  }
  return ordinal_to_double(reached);
}

}  // namespace

double mu_law_encode(double x) {
  return std::copysign(std::log(std::abs(x) * kMu + 1) / kLogRange, x);
}

double mu_law_decode(double y) {
  const double magnitude =
      (std::pow(data::Vocabulary::kM * kMu + 1, std::abs(y)) - 1) / kMu;
  return std::copysign(magnitude, y);
}

int32_t bin_index(double y) {
  const double scaled = (std::clamp(y, -1.0, 1.0) + 1) / 2 * kBins;
  return std::min(data::Vocabulary::kBinCount - 1,
                  static_cast<int32_t>(scaled));
}

MuLawQuantizer::MuLawQuantizer() {
  bin_lower_edges_[0] = -kInfinity;
  for (int32_t bin = 1; bin < data::Vocabulary::kBinCount; ++bin) {
    bin_lower_edges_[static_cast<size_t>(bin)] = find_bin_lower_edge(bin);
  }
  bin_lower_edges_.back() = std::numeric_limits<double>::quiet_NaN();
  for (int64_t cell = 0; cell < kCellCount; ++cell) {
    const auto edge = [cell](int64_t next) {
      return std::bit_cast<double>(
          static_cast<uint64_t>(kFirstCell + cell + next) << kCellShift);
    };
    const double smallest = cell == 0 ? 0 : edge(0);
    const double largest =
        cell == kCellCount - 1 ? kInfinity : std::nextafter(edge(1), 0);
    const auto index = static_cast<size_t>(cell);
    lowest_bin_in_cell_[0][index] =
        static_cast<uint16_t>(bin_index(mu_law_encode(smallest)));
    lowest_bin_in_cell_[1][index] =
        static_cast<uint16_t>(bin_index(mu_law_encode(-largest)));
  }
}

const MuLawQuantizer& MuLawQuantizer::instance() {
  static const MuLawQuantizer quantizer;
  return quantizer;
}

double bin_center(int32_t bin) { return (2.0 * bin + 1) / kBins - 1; }

}  // namespace gato::tokenize
