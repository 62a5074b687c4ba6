// The values are converted to float64 one row at a time. The loops over the
// elements of a row have no branches, so that the compiler vectorizes them;
// whatever needs a decision per element is left to the rows that contain
// something unusual.
//
// A jump is a difference between rows that is far above those that are usual in
// the same episode, which find_jumps() examines only if the largest difference
// of an element is many times the mean.
#include "gato/eval/check/number_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "gato/base/error.h"

namespace gato::eval {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Old versions of Gymnasium wrote +-3.4e38 for "no bound".
constexpr double kUnbounded = 3e38;
// Bounds and values that were rounded to float32 differ by less.
constexpr double kRounding = 1e-6;
constexpr int64_t kMinJumpRows = 20;
constexpr int64_t kMaxJumpElements = 4096;

template <class T>
double broadcast_at(const std::vector<T>& values, size_t i) {
  return static_cast<double>(values.size() == 1 ? values[0] : values[i]);
}

bool all_finite(const std::vector<double>& row) {
  int finite = 1;
  for (const double x : row) {
    finite &= static_cast<int>(x - x == 0);
  }
  return finite != 0;
}

// Returns whether a difference is that of an angle that crosses the end of its
// range.
bool is_wrap(double difference) {
  for (const double period : {2 * std::numbers::pi, 360.0}) {
    if (difference > 0.8 * period && difference < 1.001 * period) {
      return true;
    }
  }
  return false;
}

}  // namespace

// The differences between consecutive rows, per element.
struct NumberScanner::Motion {
  explicit Motion(size_t elements)
      : sum(elements), max(elements), moves(elements), up(elements, 1) {}
  std::vector<double> sum, max;  // of absolute differences
  std::vector<int64_t> moves;    // differences other than 0
  std::vector<uint8_t> up;       // all differences are positive
  // The first difference, and whether all others are equal to it.
  std::vector<double> increment;
  std::vector<uint8_t> linear;
  bool any_linear = true;
  int64_t count = 0;  // of differences

  void add(const std::vector<double>& row,
           const std::vector<double>& previous) {
    const size_t n = row.size();
    ++count;
    for (size_t e = 0; e < n; ++e) {
      const double d = row[e] - previous[e], a = std::abs(d);
      sum[e] += a;
      max[e] = std::max(max[e], a);
      moves[e] += static_cast<int64_t>(a > 0);
      up[e] &= static_cast<uint8_t>(d > 0);
    }
    if (increment.empty()) {
      increment.resize(n);
      linear.resize(n);
      for (size_t e = 0; e < n; ++e) {
        increment[e] = row[e] - previous[e];
        linear[e] = static_cast<uint8_t>(increment[e] != 0);
      }
    } else if (any_linear) {
      uint8_t any = 0;
      for (size_t e = 0; e < n; ++e) {
        const double error = std::abs(row[e] - previous[e] - increment[e]);
        const double tolerance =
            1e-5 * std::abs(increment[e]) + 1e-6 * std::abs(row[e]);
        linear[e] &= static_cast<uint8_t>(error <= tolerance);
        any |= linear[e];
      }
      any_linear = any != 0;
    }
  }
};

NumberScanner::NumberScanner(const data::Field& field, Kind kind)
    : codec_(field, kind, data::Vocabulary::without_text()),
      kind_(kind),
      is_discrete_(field.role == data::Role::discrete) {
  const auto count = static_cast<size_t>(elements());
  low_.assign(count, -kInfinity);
  high_.assign(count, kInfinity);
  for (size_t i = 0; i < count && !field.low.empty(); ++i) {
    const double low = broadcast_at(field.low, i);
    const double high = broadcast_at(field.high, i);
    low_[i] = std::abs(low) < kUnbounded ? low : -kInfinity;
    high_[i] = std::abs(high) < kUnbounded ? high : kInfinity;
  }
  near_low_.assign(count, -kInfinity);
  near_high_.assign(count, kInfinity);
  for (size_t i = 0; i < count; ++i) {
    const double scale =
        kRounding * std::max(std::isfinite(low_[i]) ? std::abs(low_[i]) : 0,
                             std::isfinite(high_[i]) ? std::abs(high_[i]) : 0);
    if (std::isfinite(low_[i]) && std::isfinite(high_[i]) &&
        low_[i] < high_[i]) {
      near_low_[i] = low_[i] + scale;
      near_high_[i] = high_[i] - scale;
    }
    low_[i] -= scale;
    high_[i] += scale;
    has_bounds_ |= std::isfinite(low_[i]) || std::isfinite(high_[i]);
  }
}

// Counts the values of a row that are not finite, outside the space or, for
// actions, at a bound.
void NumberScanner::check_row(const double* row, int64_t index,
                              NumberScan& scan) const {
  const bool is_action = kind_ == Kind::action && !is_discrete_;
  for (int64_t e = 0; e < elements(); ++e) {
    const double x = row[e];
    if (std::isnan(x)) {
      scan.nan.add(index, e, x);
    } else if (std::isinf(x)) {
      scan.infinite.add(index, e, x);
    } else if (!is_discrete_ && (x < low_[e] || x > high_[e])) {
      scan.outside.add(index, e, x);
    }
    if (is_action && std::isfinite(near_low_[e])) {
      scan.at_bound += x <= near_low_[e] || x >= near_high_[e];
      ++scan.bounded;
    }
  }
}

bool NumberScanner::is_at_bounds(const double* row) const {
  for (int64_t e = 0; e < elements(); ++e) {
    if (row[e] > near_low_[e] && row[e] < near_high_[e]) {
      return false;
    }
  }
  return true;
}

// Encodes discrete values as gato-tokenize does.
void NumberScanner::check_tokens(const data::Array& column,
                                 NumberScan& scan) const {
  data::Array row;
  std::vector<int32_t> ids;
  for (int64_t t = 0; t < scan.rows; ++t) {
    column.copy_row(t, row);
    ids.clear();
    tokenize::OutOfRangeTally ignored;
    try {
      codec_.encode(row, ids, ignored);
    } catch (const base::Error&) {
      const auto element = std::ssize(ids);
      if (std::isfinite(row.as_double(element))) {
        scan.without_token.add(t, element, row.as_double(element));
      }
    }
    for (int64_t e = 0; e < std::ssize(ids); ++e) {
      if (ids[static_cast<size_t>(e)] >= codec_.range(e).end) {
        scan.outside.add(t, e, row.as_double(e));
      }
    }
  }
}

NumberScan NumberScanner::scan(const data::Array& column, int64_t rows) const {
  const auto n = static_cast<size_t>(elements());
  NumberScan scan;
  scan.rows = rows;
  scan.low.assign(n, kInfinity);
  scan.high.assign(n, -kInfinity);
  Motion motion(n);
  std::vector<double> row(n), previous(n);
  bool previous_is_finite = false;
  int64_t equal_rows = 1;  // the length of the run that ends with this row
  const auto end_run = [&] {
    if (equal_rows >= kFrozenRows && !is_at_bounds(previous.data())) {
      scan.frozen_rows += equal_rows;
    }
    equal_rows = 1;
  };
  const bool is_action = kind_ == Kind::action && !is_discrete_;
  for (int64_t t = 0; t < rows; ++t) {
    column.copy_doubles(t * elements(), row);
    const bool is_finite = all_finite(row);
    if (!is_finite || is_action) {
      check_row(row.data(), t, scan);
    } else if (has_bounds_) {
      int outside = 0;
      for (size_t e = 0; e < n; ++e) {
        outside |= static_cast<int>(row[e] < low_[e]) |
                   static_cast<int>(row[e] > high_[e]);
      }
      if (outside != 0) {
        check_row(row.data(), t, scan);
      }
    }
    if (is_finite) {
      for (size_t e = 0; e < n; ++e) {
        scan.low[e] = std::min(scan.low[e], row[e]);
        scan.high[e] = std::max(scan.high[e], row[e]);
      }
    }
    if (is_finite && previous_is_finite) {
      motion.add(row, previous);
    }
    if (t > 0) {
      const bool is_equal = row == previous;
      scan.changes |= !is_equal;
      if (is_action && is_equal) {
        ++equal_rows;
      } else {
        end_run();
      }
    } else {
      scan.first = row;
    }
    std::swap(row, previous);
    previous_is_finite = is_finite;
  }
  end_run();
  if (!is_action) {
    scan.frozen_rows = 0;
  }
  if (is_discrete_) {
    check_tokens(column, scan);
  }
  scan.increment.assign(n, 0);
  scan.increases.assign(n, 0);
  if (rows >= kClockRows && motion.count == rows - 1) {
    for (size_t e = 0; e < n; ++e) {
      scan.increment[e] = motion.linear[e] != 0 ? motion.increment[e] : 0;
    }
    scan.increases = std::move(motion.up);
  }
  if (kind_ == Kind::observation && !is_discrete_) {
    find_jumps(column, motion, scan);
  }
  return scan;
}

// Two faults have this form: the episode contains a hidden reset, so that most
// of what moves jumps at once, or a sensor reports one wrong row, so that an
// element jumps and returns. A collision, after which few velocities differ and
// stay different, is neither.
void NumberScanner::find_jumps(const data::Array& column, const Motion& motion,
                               NumberScan& scan) const {
  constexpr double kMaxOverMean = 8, kMinOverUsual = 8, kMinShareOfRange = 0.2;
  constexpr double kGlitchOverUsual = 20, kMaxResidueOverUsual = 4;
  if (scan.rows < kMinJumpRows || motion.count != scan.rows - 1 ||
      elements() > kMaxJumpElements) {
    return;
  }
  const auto is_moving = [&](size_t e) {
    return 2 * motion.moves[e] >= motion.count;
  };
  int64_t moving = 0;
  bool has_candidate = false;
  for (size_t e = 0; e < motion.max.size(); ++e) {
    moving += is_moving(e);
    has_candidate |=
        is_moving(e) && motion.max[e] > kMaxOverMean * motion.sum[e] /
                                            static_cast<double>(motion.count);
  }
  if (!has_candidate) {
    return;
  }
  const auto rows = static_cast<size_t>(scan.rows);
  std::vector<int64_t> jumping(rows), glitching(rows);
  std::vector<int64_t> jumped_element(rows);
  std::vector<double> x(rows), sorted(rows - 1);
  for (size_t e = 0; e < motion.max.size(); ++e) {
    if (!is_moving(e)) {
      continue;
    }
    for (size_t t = 0; t < rows; ++t) {
      x[t] = column.as_double(static_cast<int64_t>(t) * elements() +
                              static_cast<int64_t>(e));
    }
    for (size_t t = 1; t < rows; ++t) {
      sorted[t - 1] = std::abs(x[t] - x[t - 1]);
    }
    const auto usual_rank =
        sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 9 / 10);
    std::ranges::nth_element(sorted, usual_rank);
    const double usual = *usual_rank;
    const double range = scan.high[e] - scan.low[e];
    for (size_t t = 1; t < rows; ++t) {
      const double d = std::abs(x[t] - x[t - 1]);
      if (d <= kMinOverUsual * usual || d <= kMinShareOfRange * range ||
          is_wrap(d)) {
        continue;
      }
      ++jumping[t];
      jumped_element[t] = static_cast<int64_t>(e);
      glitching[t] +=
          t + 1 < rows && d > kGlitchOverUsual * usual &&
          std::abs(x[t + 1] - x[t - 1]) <= kMaxResidueOverUsual * usual;
    }
  }
  Occurrences found;
  for (size_t t = 1; t < rows; ++t) {
    if (2 * jumping[t] > moving || glitching[t] > 0) {
      const int64_t e = jumped_element[t];
      const auto row = static_cast<int64_t>(t);
      found.add(row, e, column.as_double(row * elements() + e));
    }
  }
  // What happens often is how the environment moves.
  if (found.count <= std::max<int64_t>(1, scan.rows / 50)) {
    scan.jumps = found;
  }
}

}  // namespace gato::eval
