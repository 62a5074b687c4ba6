// The differences between consecutive rows of numbers, per element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gato::eval {

class RowDifferences {
 public:
  explicit RowDifferences(size_t elements)
      : sum_(elements), max_(elements), moves_(elements), up_(elements, 1) {}

  void add(const std::vector<double>& row, const std::vector<double>& previous);

  int64_t count() const { return count_; }
  size_t elements() const { return sum_.size(); }
  double max(size_t e) const { return max_[e]; }  // absolute difference
  double mean(size_t e) const {
    return count_ == 0 ? 0 : sum_[e] / static_cast<double>(count_);
  }
  // Returns whether at least half of the differences are not 0.
  bool is_moving(size_t e) const { return 2 * moves_[e] >= count_; }
  // Returns whether all differences are positive.
  bool increases(size_t e) const { return up_[e] != 0; }
  // Returns the difference if it is always the same, apart from rounding to
  // float32; otherwise 0.
  double common_increment(size_t e) const {
    return !linear_.empty() && linear_[e] != 0 ? increment_[e] : 0;
  }

 private:
  std::vector<double> sum_, max_;
  std::vector<int64_t> moves_;
  std::vector<uint8_t> up_;
  // The first difference, and whether all others are equal to it.
  std::vector<double> increment_;
  std::vector<uint8_t> linear_;
  bool any_linear_ = true;
  int64_t count_ = 0;
};

}  // namespace gato::eval
