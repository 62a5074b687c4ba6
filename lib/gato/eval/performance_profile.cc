#include "gato/eval/performance_profile.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "gato/eval/statistics.h"

namespace gato::eval {
namespace {

constexpr int kMaxPercent = 150;
constexpr size_t kMaxResamples = 2000;

// Returns the share of the scores above 0%, 1% ... kMaxPercent.
std::vector<double> shares_above(std::span<const double> run_scores) {
  // counts[n]: scores that are above exactly n of the percentages.
  std::vector<int64_t> counts(kMaxPercent + 2);
  for (double score : run_scores) {
    const double passed = std::clamp(std::ceil(score), 0.0, kMaxPercent + 1.0);
    ++counts[static_cast<size_t>(passed)];
  }
  std::vector<double> shares(kMaxPercent + 1);
  int64_t above = 0;
  for (size_t percent = shares.size(); percent-- > 0;) {
    above += counts[percent + 1];
    shares[percent] =
        static_cast<double>(above) / static_cast<double>(run_scores.size());
  }
  return shares;
}

}  // namespace

PerformanceProfile::PerformanceProfile() : resampled_shares_(kMaxPercent + 1) {}

void PerformanceProfile::add_resample(std::span<const double> run_scores) {
  if (resampled_shares_.front().size() == kMaxResamples) {
    return;
  }
  const std::vector<double> shares = shares_above(run_scores);
  for (size_t percent = 0; percent < shares.size(); ++percent) {
    resampled_shares_[percent].push_back(shares[percent]);
  }
}

std::vector<ProfilePoint> PerformanceProfile::points(
    std::span<const double> run_scores) const {
  std::vector<ProfilePoint> points;
  if (run_scores.empty()) {
    return points;
  }
  const std::vector<double> shares = shares_above(run_scores);
  for (size_t percent = 0; percent < shares.size(); ++percent) {
    const ConfidenceInterval interval =
        percentile_interval(resampled_shares_[percent]);
    points.push_back({static_cast<int>(percent), shares[percent], interval.low,
                      interval.high});
  }
  return points;
}

}  // namespace gato::eval
