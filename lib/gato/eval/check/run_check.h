// Checks training runs.
#pragma once

#include <filesystem>
#include <vector>

#include "gato/base/progress.h"
#include "gato/eval/check/finding.h"

namespace gato::eval {

// Reads the metrics of a run and the weights of its newest checkpoint. The
// findings are those of check_weights() and:
//
//   error    nan             the loss, in the last line of the metrics
//            no_checkpoint   the run does not train (any longer)
//   warning  nan             the loss was not finite, in earlier lines
//            skipped         steps whose gradient was not finite
//            spike           the loss rises far above the lines before it
//            no_checkpoint   the run has not saved one yet
//            corrupt_metrics lines that are not JSON, except for the last,
//                            which a run that was killed may leave
//
// Throws Error(io) if a file cannot be read.
std::vector<Finding> check_run(const std::filesystem::path& directory,
                               base::ProgressDisplay* progress);

}  // namespace gato::eval
