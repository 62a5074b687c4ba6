// Mu-law encoding of real numbers and their bins (Reed et al. 2022, section 2.1
// and appendix B). Everything is computed in float64.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "gato/data/vocabulary.h"

namespace gato::tokenize {

// Returns sgn(x) ln(100|x|+1) / ln(256*100+1), where mu = 100 and M = 256. The
// result is not clipped: |x| > 256 gives |y| > 1.
double mu_law_encode(double x);
// Returns the inverse, sgn(y) ((256*100+1)^|y| - 1) / 100.
double mu_law_decode(double y);

// Returns min(1023, floor((y+1)/2*1024)) for y clipped to [-1, 1]. Infinities
// fall into the end bins. y must not be NaN.
int32_t bin_index(double y);

// Computes bin_index(mu_law_encode(x)) exactly, for any x except NaN, by one
// table lookup and one comparison. This takes about 1.5 ns; the logarithm takes
// 7 ns, and a binary search over the edges of the bins, which the branch
// predictor cannot follow, 55 ns.
class MuLawQuantizer {
 public:
  // Returns the singleton, which the first call builds in about a millisecond.
  static const MuLawQuantizer& instance();

  int32_t operator()(double x) const {
    const auto bits = std::bit_cast<uint64_t>(x);
    const auto magnitude = static_cast<int64_t>(bits << 1 >> (kCellShift + 1));
    const auto cell = static_cast<size_t>(
        std::min(std::max(magnitude - kFirstCell, int64_t{0}), kCellCount - 1));
    const auto low = static_cast<size_t>(lowest_bin_in_cell_[bits >> 63][cell]);
    return static_cast<int32_t>(low) + (x >= bin_lower_edges_[low + 1] ? 1 : 0);
  }

 private:
  MuLawQuantizer();

  // A cell is the range of magnitudes that share the exponent and the first
  // seven bits of the mantissa. It is narrower than a bin, so it overlaps at
  // most two bins. Cells cover 2^-13, which is below the edge of the first bin,
  // to 2^8 = M; smaller and larger values are in the first and the last cell.
  static constexpr int kCellShift = 52 - 7;
  static constexpr int64_t kFirstCell = int64_t{1023 - 13} << 7;
  static constexpr int64_t kCellCount = int64_t{13 + 8} << 7;
  // [is negative][cell]: the bin of the smallest value of the cell.
  std::array<std::array<uint16_t, kCellCount>, 2> lowest_bin_in_cell_;
  // [bin]: the smallest value of the bin. The last element is NaN, which no
  // value reaches.
  std::array<double, data::Vocabulary::kBinCount + 1> bin_lower_edges_;
};

// Returns (2k+1)/1024 - 1 for bin k in [0, 1024).
double bin_center(int32_t bin);

}  // namespace gato::tokenize
