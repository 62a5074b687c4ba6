// Validation of the directory that a run will be written to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gato::train {

// Checks that a run can use `output`, which may not exist yet. Throws
// Error(usage) if it is not a directory, if it contains a run and neither
// `resume` nor `force` is set, if it contains other files and `force` is not
// set, or if a new run would overwrite one of `config_files`.
void check_output_directory(const std::filesystem::path& output, bool resume,
                            bool force,
                            const std::vector<std::string>& config_files);

}  // namespace gato::train
