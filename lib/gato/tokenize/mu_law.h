// Real numbers to bins and back (paper 2.1, appendix B), in float64 throughout.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "gato/data/vocabulary.h"

namespace gato::tokenize {

// sgn(x) ln(100|x|+1) / ln(256*100+1), not clipped: |x| > 256 gives |y| > 1.
double mu_law_encode(double x);
// Its inverse: sgn(y) ((256*100+1)^|y| - 1) / 100.
double mu_law_decode(double y);

// min(1023, floor((y+1)/2*1024)) of y clipped to [-1, 1]: infinities fall into
// the end bins. y must not be NaN.
int32_t bin_index(double y);
// bin_index(compand(x)), to the bit, for any x but NaN, by comparison: a tenth
// of the time of the logarithm.
class MuLawQuantizer {
 public:
  // Made at the first call, in a millisecond.
  static const MuLawQuantizer& instance();

  int32_t operator()(double x) const {
    const auto bits = std::bit_cast<uint64_t>(x);
    const auto magnitude = static_cast<int64_t>(bits << 1 >> (cell_shift + 1));
    const auto cell = static_cast<size_t>(
        std::min(std::max(magnitude - first_cell, int64_t{0}), cell_count - 1));
    const auto low = static_cast<size_t>(lowest_bin_in_cell_[bits >> 63][cell]);
    return static_cast<int32_t>(low) + (x >= bin_lower_edges_[low + 1] ? 1 : 0);
  }

 private:
  MuLawQuantizer();

  // A cell is a run of magnitudes that agree in the exponent and the first
  // seven bits of the mantissa: less than a bin is wide, so that it meets two
  // bins at most. Cells go from 2^-13, below the first bin's edge, to 2^8 = m;
  // smaller and larger values are in the first and the last.
  static constexpr int cell_shift = 52 - 7;
  static constexpr int64_t first_cell = int64_t{1023 - 13} << 7;
  static constexpr int64_t cell_count = int64_t{13 + 8} << 7;
  // Of the least value of each cell; [1]: of the negative values.
  std::array<std::array<uint16_t, cell_count>, 2> lowest_bin_in_cell_;
  // The least value of each bin; NaN, which nothing reaches, after the last.
  std::array<double, data::Vocabulary::kBinCount + 1> bin_lower_edges_;
};

// (2k+1)/1024 - 1 for k in [0, 1024).
double bin_center(int32_t bin);

}  // namespace gato::tokenize
