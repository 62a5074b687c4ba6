// The charts of a report, as inline SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gato/eval/score.h"

namespace gato::eval {

// Returns the CSS color of the group with this index. Color-blind readers can
// tell the first seven apart (palette of Okabe and Ito); then they repeat.
std::string palette_color(size_t index);

// Returns a chart with one horizontal bar and interval per task, colored by
// domain, and lines at the random policy (0) and the expert (100). A task
// without a score shows its note instead. Bars end at -100 and 300.
std::string score_chart(const std::vector<TaskScore>& tasks,
                        const std::vector<AggregateScore>& domains);

// Returns a descending step plot of the number of tasks whose score is at or
// above each threshold (Reed et al. 2022, figure 5), stacked by domain.
std::string threshold_chart(const std::vector<ThresholdCount>& thresholds,
                            int64_t task_count);

struct Series {
  std::string name;
  std::vector<std::pair<double, double>>
      points;  // finite, in ascending order of x
};

// Returns a line chart. Its y axis is logarithmic if all values are positive
// and the maximum is more than ten times the minimum.
//
// The legend is for a few short names; with more, pass false and put the names
// next to the chart.
std::string line_chart(const std::vector<Series>& series,
                       const std::string& x_title, const std::string& y_title,
                       bool has_legend = true);

}  // namespace gato::eval
