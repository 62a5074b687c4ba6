// Checks the weights of models.
#pragma once

#include <filesystem>
#include <vector>

#include "gato/base/progress.h"
#include "gato/eval/check/finding.h"

namespace gato::eval {

// Reads a safetensors file once and returns the errors "nan" and "infinity",
// whose keys are names of tensors. Throws Error(io) if the file cannot be read,
// and Error(bad_input) if it is corrupt.
std::vector<Finding> check_weights(const std::filesystem::path& path,
                                   base::ProgressDisplay* progress);

}  // namespace gato::eval
