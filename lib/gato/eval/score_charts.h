// Charts of aggregates and comparisons, as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "gato/eval/comparison.h"
#include "gato/eval/score.h"

namespace gato::eval {

// Returns a chart with a row per domain, and one for all tasks: a dot for the
// score of each task, and the interquartile mean with its interval.
std::string domain_chart(const ScoreReport& report);

// Returns the performance profile: the share of runs above each score, with its
// interval as a band.
std::string profile_chart(const std::vector<ProfilePoint>& profile);

// Returns a chart with a row per configuration: the interquartile mean and its
// interval.
std::string configuration_chart(
    const std::vector<ConfigurationScore>& configurations);

// Returns a chart with a row for all tasks and one per task: the probability
// that A is better than B, with its interval. Empty if it is never defined.
std::string comparison_chart(const ComparisonReport& report);

}  // namespace gato::eval
