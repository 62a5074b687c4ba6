// The loops have no branches, so that the compiler vectorizes them.
#include "gato/eval/check/row_differences.h"

#include <algorithm>
#include <cmath>

namespace gato::eval {

void RowDifferences::add(const std::vector<double>& row,
                         const std::vector<double>& previous) {
  const size_t n = row.size();
  ++count_;
  for (size_t e = 0; e < n; ++e) {
    const double difference = row[e] - previous[e];
    const double magnitude = std::abs(difference);
    sum_[e] += magnitude;
    max_[e] = std::max(max_[e], magnitude);
    moves_[e] += static_cast<int64_t>(magnitude > 0);
    up_[e] &= static_cast<uint8_t>(difference > 0);
  }
  if (increment_.empty()) {
    increment_.resize(n);
    linear_.resize(n);
    for (size_t e = 0; e < n; ++e) {
      increment_[e] = row[e] - previous[e];
      linear_[e] = static_cast<uint8_t>(increment_[e] != 0);
    }
  } else if (any_linear_) {
    uint8_t any = 0;
    for (size_t e = 0; e < n; ++e) {
      const double error = std::abs(row[e] - previous[e] - increment_[e]);
      const double tolerance =
          1e-5 * std::abs(increment_[e]) + 1e-6 * std::abs(row[e]);
      linear_[e] &= static_cast<uint8_t>(error <= tolerance);
      any |= linear_[e];
    }
    any_linear_ = any != 0;
  }
}

}  // namespace gato::eval
