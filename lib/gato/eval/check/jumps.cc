// Only if the maximum difference of an element is many times the mean are the
// differences ranked, which happens in few episodes.
#include "gato/eval/check/jumps.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace gato::eval {
namespace {

constexpr int64_t kMinRows = 20;
constexpr size_t kMaxElements = 4096;
constexpr double kMinMaxOverMean = 8;
// A jump, relative to the 90th percentile of the differences, to the range of
// the element, and to the differences nearby.
constexpr double kMinOverUsual = 8, kMinShareOfRange = 0.2, kMinOverNearby = 5;
constexpr size_t kNearby = 3;
// A value that returns from a jump of this size to within the residue.
constexpr double kMinGlitchOverUsual = 20, kMaxResidueOverUsual = 4;

// Returns whether a difference is that of an angle that crosses the end of its
// range, given the usual difference.
bool is_wrap(double difference, double usual) {
  for (const double period : {2 * std::numbers::pi, 360.0}) {
    if (difference > period - 3 * usual && difference < 1.001 * period) {
      return true;
    }
  }
  return false;
}

// Returns whether the values before and after x[t] differ far less than x[t]
// and x[t - 1]. If it `returns`, x[t + 1] is like x[t - 1].
bool is_isolated(const std::vector<double>& x, size_t t, bool returns) {
  double nearby = 0;
  for (size_t i = t > kNearby ? t - kNearby : 1; i <= t + kNearby + 1; ++i) {
    const bool is_part = i == t || (returns && i == t + 1);
    if (!is_part && i < x.size()) {
      nearby = std::max(nearby, std::abs(x[i] - x[i - 1]));
    }
  }
  return t > 2 && std::abs(x[t] - x[t - 1]) > kMinOverNearby * nearby;
}

bool has_candidate(const RowDifferences& differences) {
  for (size_t e = 0; e < differences.elements(); ++e) {
    if (differences.is_moving(e) &&
        differences.max(e) > kMinMaxOverMean * differences.mean(e)) {
      return true;
    }
  }
  return false;
}

// The elements that jump in each row.
struct Jumps {
  explicit Jumps(size_t rows) : elements(rows), glitches(rows), last(rows) {}

  // Adds the jumps of element e, whose values are x.
  void add(int64_t e, const std::vector<double>& x) {
    std::vector<double> sorted;
    for (size_t t = 1; t < x.size(); ++t) {
      sorted.push_back(std::abs(x[t] - x[t - 1]));
    }
    const auto rank =
        sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 9 / 10);
    std::ranges::nth_element(sorted, rank);
    const double usual = *rank;
    const auto [low, high] = std::ranges::minmax(x);
    for (size_t t = 1; t < x.size(); ++t) {
      const double d = std::abs(x[t] - x[t - 1]);
      const bool returns = t + 1 < x.size() && std::abs(x[t + 1] - x[t - 1]) <=
                                                   kMaxResidueOverUsual * usual;
      if (d > kMinOverUsual * usual && d > kMinShareOfRange * (high - low) &&
          !is_wrap(d, usual) && is_isolated(x, t, returns)) {
        ++elements[t];
        last[t] = e;
        glitches[t] += returns && d > kMinGlitchOverUsual * usual;
      }
    }
  }

  // Per row: the number of elements that jump, the number of those that return,
  // and one of them.
  std::vector<int64_t> elements, glitches, last;
};

}  // namespace

Occurrences find_jumps(const data::Array& column, int64_t rows,
                       const RowDifferences& differences) {
  if (rows < kMinRows || differences.elements() > kMaxElements ||
      !has_candidate(differences)) {
    return {};
  }
  const auto width = static_cast<int64_t>(differences.elements());
  std::vector<double> x(static_cast<size_t>(rows));
  Jumps jumps(x.size());
  int64_t moving = 0;
  for (int64_t e = 0; e < width; ++e) {
    if (!differences.is_moving(static_cast<size_t>(e))) {
      continue;
    }
    ++moving;
    for (int64_t t = 0; t < rows; ++t) {
      x[static_cast<size_t>(t)] = column.as_double(t * width + e);
    }
    jumps.add(e, x);
  }
  Occurrences found;
  for (size_t t = 1; t < x.size(); ++t) {
    if (2 * jumps.elements[t] > moving || jumps.glitches[t] > 0) {
      const auto row = static_cast<int64_t>(t);
      const int64_t e = jumps.last[t];
      found.add(row, e, column.as_double(row * width + e));
    }
  }
  return found.count <= std::max<int64_t>(1, rows / 50) ? found : Occurrences{};
}

}  // namespace gato::eval
