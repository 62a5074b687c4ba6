// The values are converted to float64 one row at a time. The loops over the
// elements of a row have no branches, so that the compiler vectorizes them;
// whatever needs a decision per element is left to the rows that contain
// something unusual.
#include "gato/eval/check/number_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "gato/base/error.h"
#include "gato/eval/check/jumps.h"

namespace gato::eval {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Old versions of Gymnasium wrote +-3.4e38 for "no bound".
constexpr double kUnbounded = 3e38;
// Bounds and values that were rounded to float32 differ by less.
constexpr double kRounding = 1e-6;

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

}  // namespace

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

// Counts the values of a row that are not finite or outside the space.
void NumberScanner::check_row(const std::vector<double>& row, int64_t index,
                              NumberScan& scan) const {
  for (size_t e = 0; e < row.size(); ++e) {
    const double x = row[e];
    if (std::isnan(x)) {
      scan.nan.add(index, static_cast<int64_t>(e), x);
    } else if (std::isinf(x)) {
      scan.infinite.add(index, static_cast<int64_t>(e), x);
    } else if (!is_discrete_ && (x < low_[e] || x > high_[e])) {
      scan.outside.add(index, static_cast<int64_t>(e), x);
    }
  }
}

// Counts the bounded elements of an action that are at a bound. `sides` are
// those of the previous row.
void NumberScanner::check_bounds(const std::vector<double>& row,
                                 std::vector<int8_t>& sides,
                                 NumberScan& scan) const {
  for (size_t e = 0; e < row.size(); ++e) {
    if (std::isfinite(near_low_[e])) {
      const auto side =
          static_cast<int8_t>(static_cast<int>(row[e] >= near_high_[e]) -
                              static_cast<int>(row[e] <= near_low_[e]));
      scan.saturation.add(side, sides[e]);
      sides[e] = side;
    }
  }
}

bool NumberScanner::is_at_bounds(const std::vector<double>& row) const {
  for (size_t e = 0; e < row.size(); ++e) {
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

// Returns whether a finite row has a value outside the space.
bool NumberScanner::is_outside(const std::vector<double>& row) const {
  int outside = 0;
  for (size_t e = 0; e < row.size(); ++e) {
    outside |= static_cast<int>(row[e] < low_[e]) |
               static_cast<int>(row[e] > high_[e]);
  }
  return outside != 0;
}

NumberScan NumberScanner::scan(const data::Array& column, int64_t rows) const {
  const auto n = static_cast<size_t>(elements());
  NumberScan scan;
  scan.rows = rows;
  scan.low.assign(n, kInfinity);
  scan.high.assign(n, -kInfinity);
  const bool is_continuous_action = kind_ == Kind::action && !is_discrete_;
  RowDifferences differences(n);
  std::vector<double> row(n), previous(n);
  std::vector<int8_t> sides(n);
  bool previous_is_finite = false;
  int64_t equal_rows = 1;  // the length of the run that ends with this row
  const auto end_run = [&] {
    if (is_continuous_action && equal_rows >= kFrozenRows &&
        !is_at_bounds(previous)) {
      scan.frozen_rows += equal_rows;
    }
    equal_rows = 1;
  };
  for (int64_t t = 0; t < rows; ++t) {
    column.copy_doubles(t * elements(), row);
    const bool is_finite = all_finite(row);
    if (!is_finite || (has_bounds_ && !is_discrete_ && is_outside(row))) {
      check_row(row, t, scan);
    }
    if (is_continuous_action) {
      check_bounds(row, sides, scan);
    }
    for (size_t e = 0; is_finite && e < n; ++e) {
      scan.low[e] = std::min(scan.low[e], row[e]);
      scan.high[e] = std::max(scan.high[e], row[e]);
    }
    if (is_finite && previous_is_finite) {
      differences.add(row, previous);
    }
    if (t > 0 && row == previous) {
      ++equal_rows;
    } else if (t > 0) {
      scan.changes = true;
      end_run();
    }
    std::swap(row, previous);
    previous_is_finite = is_finite;
  }
  end_run();
  if (is_discrete_) {
    check_tokens(column, scan);
  }
  add_differences(column, differences, scan);
  return scan;
}

void NumberScanner::add_differences(const data::Array& column,
                                    const RowDifferences& differences,
                                    NumberScan& scan) const {
  scan.increment.assign(scan.low.size(), 0);
  scan.increases.assign(scan.low.size(), 0);
  if (differences.count() != scan.rows - 1) {
    return;  // some rows are not finite
  }
  for (size_t e = 0; scan.rows >= kClockRows && e < scan.low.size(); ++e) {
    scan.increment[e] = differences.common_increment(e);
    scan.increases[e] = static_cast<uint8_t>(differences.increases(e));
  }
  if (kind_ == Kind::observation && !is_discrete_) {
    scan.jumps = find_jumps(column, scan.rows, differences);
  }
}

}  // namespace gato::eval
