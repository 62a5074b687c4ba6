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

// Returns the probability that a value of `a` is greater than one of `b`, ties
// counting one half: the Mann-Whitney statistic divided by the number of pairs,
// as rliable's probability of improvement (Agarwal et al. 2021, section 4.3).
// NaN if either has no values.
double probability_of_improvement(std::vector<double> a, std::vector<double> b);

// Returns the e-value of a sign test against the hypothesis that wins and
// losses are equally probable, with the Jeffreys prior as mixture:
// B(w + 1/2, l + 1/2) / B(1/2, 1/2) 2^(w + l), where B is the beta function. It
// may be checked after every pair: the probability that it ever reaches 1/a is
// at most a (Ville's inequality). Computed in logarithms; a value beyond the
// range of double is returned as the largest double, because JSON has no
// infinity.
double sign_test_evidence(int64_t wins, int64_t losses);

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
