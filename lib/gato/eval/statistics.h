// Statistics of returns and scores. The aggregates are those of rliable
// (Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical
// Precipice", NeurIPS 2021), and the bootstrap is reproducible by its seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gato/base/random.h"

namespace gato::eval {

// The functions up to optimality_gap return NaN if there are no values.
double mean(std::span<const double> values);
double median(std::vector<double> values);
// Returns the population standard deviation, which divides by n.
double standard_deviation(std::span<const double> values);

// Returns the mean without the floor(n/4) smallest and the floor(n/4) largest
// values, as scipy.stats.trim_mean(values, 0.25) does.
double interquartile_mean(std::vector<double> values);

// Returns the mean amount by which values fall short of `goal`:
// goal - mean(min(value, goal)).
double optimality_gap(std::span<const double> values, double goal);

// Returns a percentile, interpolated linearly between order statistics (numpy's
// default method). Requires at least one value and `percent` in [0, 100].
double percentile(std::vector<double> values, double percent);

struct ConfidenceInterval {
  double low, high;
};

// Returns the 95% interval: percentiles 2.5 and 97.5. Requires at least one
// value.
ConfidenceInterval percentile_interval(std::vector<double> values);

// Appends to `into` a bootstrap resample: values.size() values sampled from
// `values` with replacement.
void resample(std::span<const double> values, base::RandomStream& stream,
              std::vector<double>& into);

}  // namespace gato::eval
