// Reads the JSON reports of gato-eval few-shot.
#pragma once

#include <filesystem>

#include "gato/eval/few_shot.h"

namespace gato::eval {

// Reads a report that few_shot_json() made. Throws Error(io) if the file cannot
// be read, and Error(bad_input) if it is not such a report or is corrupt.
FewShotReport load_few_shot_report(const std::filesystem::path& path);

}  // namespace gato::eval
