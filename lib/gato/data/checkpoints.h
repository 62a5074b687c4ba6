// The checkpoints of a run: RUN/step-N, N steps each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gato {

std::string checkpoint_name(int64_t step);
// N of "step-N"; none of any other name.
std::optional<int64_t> checkpoint_step(const std::string& name);
// Steps of the checkpoints that are there, rising.
std::vector<int64_t> checkpoints_in(const std::filesystem::path& run);

}  // namespace gato
