#include "gato/data/checkpoints.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace gato {
namespace {

constexpr std::string_view prefix = "step-";

}  // namespace

std::string checkpoint_name(int64_t step) {
  return std::string(prefix) + std::to_string(step);
}

std::optional<int64_t> checkpoint_step(const std::string& name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const char* end = name.data() + name.size();
  int64_t step = 0;
  const auto [rest, error] =
      std::from_chars(name.data() + prefix.size(), end, step);
  if (error != std::errc() || rest != end) return std::nullopt;
  return step;
}

std::vector<int64_t> checkpoints_in(const std::filesystem::path& run) {
  std::vector<int64_t> steps;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    const auto step = checkpoint_step(entry.path().filename().string());
    if (step && entry.is_directory()) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

}  // namespace gato
