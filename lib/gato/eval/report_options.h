// The options of all reports.
#pragma once

#include <cstdint>

#include "gato/eval/dataset_outcomes.h"

namespace gato::eval {

struct ReportOptions {
  uint64_t seed = 0;          // of the bootstrap
  int64_t resamples = 10000;  // number of bootstrap resamples
  Metric metric = Metric::mean_return;
};

}  // namespace gato::eval
