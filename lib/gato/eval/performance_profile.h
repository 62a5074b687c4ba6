// Performance profiles: which share of the runs scores more than a threshold
// (the run-score distributions of rliable, Agarwal et al. 2021, section 4.2).
#pragma once

#include <span>
#include <vector>

namespace gato::eval {

// The share of all runs of all tasks whose score is above `percent`, and its
// interval.
struct ProfilePoint {
  int percent = 0;
  double share = 0, low = 0, high = 0;
};

class PerformanceProfile {
 public:
  PerformanceProfile();
  // Adds the scores of the runs in a bootstrap resample. Does nothing after
  // 2,000 resamples, which are enough for a curve (and rliable's default).
  void add_resample(std::span<const double> run_scores);
  // Returns the shares of `run_scores`, with intervals from the resamples, for
  // 0%, 1% ... 150%. Empty if there are no scores.
  std::vector<ProfilePoint> points(std::span<const double> run_scores) const;

 private:
  // [percentage][resample]
  std::vector<std::vector<double>> resampled_shares_;
};

}  // namespace gato::eval
