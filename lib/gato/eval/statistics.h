// Aggregates of normalised scores as rliable computes them (Agarwal et al.,
// "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
// NeurIPS 2021), with a bootstrap that a seed reproduces.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gato/base/random.h"

namespace gato::eval {

double mean(std::span<const double> values);  // NaN of none
double median(std::vector<double> values);    // NaN of none
double standard_deviation(
    std::span<const double> values);  // divides by n; NaN of none

// Interquartile mean: the mean without the floor(n/4) smallest and as many
// largest values, like scipy.stats.trim_mean(values, 0.25). NaN of none.
double interquartile_mean(std::vector<double> values);

// Mean amount by which values miss `goal`: goal - mean(min(value, goal)).
double optimality_gap(std::span<const double> values, double goal);

// Percentile in [0, 100], linear between order statistics (numpy's default).
double percentile(std::vector<double> values, double percent);

struct ConfidenceInterval {
  double low, high;
};

// Percentiles 2.5 and 97.5.
ConfidenceInterval percentile_interval(std::vector<double> values);

// As many values as there are, drawn from them with replacement.
void resample(std::span<const double> values, base::RandomStream& stream,
              std::vector<double>& into);

}  // namespace gato::eval
