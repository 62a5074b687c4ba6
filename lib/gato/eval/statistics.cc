#include "gato/eval/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace gato {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return kNone;
  return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
}

double median(std::vector<double> values) {
  return values.empty() ? kNone : percentile(std::move(values), 50);
}

double deviation(std::span<const double> values) {
  const double centre = mean(values);
  double sum = 0;
  for (double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / values.size());
}

double interquartile_mean(std::vector<double> values) {
  if (values.empty()) return kNone;
  const auto cut = static_cast<ptrdiff_t>(values.size() / 4);
  const auto first = values.begin() + cut, last = values.end() - cut;
  std::nth_element(values.begin(), first, values.end());
  std::nth_element(first, last - 1, values.end());
  return std::accumulate(first, last, 0.0) / (last - first);
}

double optimality_gap(std::span<const double> values, double goal) {
  if (values.empty()) return kNone;
  double sum = 0;
  for (double value : values) sum += std::min(value, goal);
  return goal - sum / values.size();
}

double percentile(std::vector<double> values, double percent) {
  assert(!values.empty() && percent >= 0 && percent <= 100);
  const double place = percent / 100 * (values.size() - 1);
  const auto below = static_cast<size_t>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[below];
  if (below + 1 == values.size()) return low;
  const double high =
      *std::min_element(values.begin() + below + 1, values.end());
  return low + (high - low) * (place - below);
}

Interval central_interval(std::vector<double> values) {
  return {percentile(values, 2.5), percentile(values, 97.5)};
}

void resample(std::span<const double> values, RandomStream& stream,
              std::vector<double>& into) {
  for (size_t i = 0; i < values.size(); ++i)
    into.push_back(values[stream.below(values.size())]);
}

}  // namespace gato
