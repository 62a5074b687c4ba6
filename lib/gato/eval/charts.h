// The charts of a report.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gato/eval/score.h"

namespace gato::eval {

// A CSS colour that stays the same for the same place in a list of groups, told
// apart by colour-blind readers as well (Okabe and Ito's palette).
std::string palette_color(size_t index);

// A horizontal bar a task with its interval, coloured by domain, and lines at
// random (0) and expert (100). Tasks without a score have their note instead.
std::string score_chart(const std::vector<TaskScore>& tasks,
                        const std::vector<AggregateScore>& domains);

// Tasks at or above each percentage of the expert's score: a falling staircase.
std::string threshold_chart(const std::vector<ThresholdCount>& thresholds,
                            int64_t task_count);

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // by rising x; finite
};

// Lines over one x axis, y from its smallest to its largest value; by
// logarithms where all are above 0 and the largest is more than ten times the
// smallest.
std::string line_chart(const std::vector<Series>& series,
                       const std::string& x_title, const std::string& y_title);

}  // namespace gato::eval
