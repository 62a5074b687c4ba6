// The chart of few-shot curves.
#pragma once

#include <string>

#include "gato/eval/few_shot.h"

namespace gato::eval {

// Returns a legend and a chart of scores or returns against the number of
// demonstrations, on a logarithmic axis. Each run is a point, and each curve
// has its means as a line with their intervals. Lines mark the expert and the
// random policy.
std::string few_shot_chart(const FewShotReport& report);

}  // namespace gato::eval
