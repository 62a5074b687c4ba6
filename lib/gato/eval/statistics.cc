#include "gato/eval/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace gato::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Returns log(gamma(x)) - ((x - 1/2) log(x) - x + log(2 pi) / 2), for x > 0.
double stirling_error(double x) {
  if (x < 10) {
    return std::lgamma(x) -
           ((x - 0.5) * std::log(x) - x + 0.5 * std::log(2 * std::numbers::pi));
  }
  const double inverse = 1 / x, square = inverse * inverse;
  return inverse *
         (1.0 / 12 -
          square *
              (1.0 / 360 -
               square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188))));
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) {
    return kNaN;
  }
  return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
}

double median(std::vector<double> values) {
  return values.empty() ? kNaN : percentile(std::move(values), 50);
}

double standard_deviation(std::span<const double> values) {
  const double center = mean(values);
  double sum = 0;
  for (double value : values) {
    sum += (value - center) * (value - center);
  }
  return std::sqrt(sum / values.size());
}

double interquartile_mean(std::vector<double> values) {
  if (values.empty()) {
    return kNaN;
  }
  const auto cut = static_cast<ptrdiff_t>(values.size() / 4);
  const auto first = values.begin() + cut, last = values.end() - cut;
  // Partition into the smallest, the middle [first, last) and the largest
  // values in linear time; sorting would dominate the bootstrap.
  std::nth_element(values.begin(), first, values.end());
  std::nth_element(first, last - 1, values.end());
  return std::accumulate(first, last, 0.0) / (last - first);
}

double optimality_gap(std::span<const double> values, double goal) {
  if (values.empty()) {
    return kNaN;
  }
  double sum = 0;
  for (double value : values) {
    sum += std::min(value, goal);
  }
  return goal - sum / values.size();
}

double percentile(std::vector<double> values, double percent) {
  assert(!values.empty() && percent >= 0 && percent <= 100);
  const double rank = percent / 100 * (values.size() - 1);
  const auto lower_rank = static_cast<size_t>(rank);
  std::nth_element(values.begin(), values.begin() + lower_rank, values.end());
  const double low = values[lower_rank];
  // nth_element leaves the next order statistic as the minimum of the rest.
  if (lower_rank + 1 == values.size()) {
    return low;
  }
  const double high =
      *std::min_element(values.begin() + lower_rank + 1, values.end());
  return low + (high - low) * (rank - lower_rank);
}

double probability_of_improvement(std::vector<double> a,
                                  std::vector<double> b) {
  if (a.empty() || b.empty()) {
    return kNaN;
  }
  std::ranges::sort(b);
  double greater = 0;
  for (double value : a) {
    const auto [first_equal, first_greater] =
        std::equal_range(b.begin(), b.end(), value);
    greater += static_cast<double>(first_equal - b.begin()) +
               static_cast<double>(first_greater - first_equal) / 2;
  }
  return greater /
         (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

double sign_test_evidence(int64_t wins, int64_t losses) {
  // With a = w + 1/2, b = l + 1/2 and B(1/2, 1/2) = pi, Stirling's formula for
  // each gamma function leaves only terms that are small if w and l are about
  // equal. The difference of three values of lgamma() would lose digits.
  const double a = static_cast<double>(wins) + 0.5;
  const double b = static_cast<double>(losses) + 0.5;
  const double logarithm = 0.5 * std::log(2 / (std::numbers::pi * (a + b))) +
                           (a - 0.5) * std::log1p((a - b) / (a + b)) +
                           (b - 0.5) * std::log1p((b - a) / (a + b)) +
                           stirling_error(a) + stirling_error(b) -
                           stirling_error(a + b);
  constexpr double kMax = std::numeric_limits<double>::max();
  return logarithm >= std::log(kMax) ? kMax : std::exp(logarithm);
}

ConfidenceInterval percentile_interval(std::vector<double> values) {
  return {percentile(values, 2.5), percentile(values, 97.5)};
}

void resample(std::span<const double> values, base::RandomStream& stream,
              std::vector<double>& into) {
  for (size_t i = 0; i < values.size(); ++i) {
    into.push_back(values[stream.uniform_int(values.size())]);
  }
}

}  // namespace gato::eval
