#include "gato/eval/check/key_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace gato::eval {
namespace {

constexpr std::array<std::string_view, 9> kGoalWords = {
    "goal",    "target",  "mission",  "task",   "instruction",
    "command", "desired", "language", "context"};
constexpr std::array<std::string_view, 14> kCounterWords = {
    "time",  "timestamp", "clock", "step", "steps",   "timestep", "t",
    "frame", "index",     "idx",   "id",   "episode", "counter",  "seed"};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

}  // namespace

bool is_goal_name(const std::string& path) {
  const std::string name = lower_case(path);
  return std::ranges::any_of(kGoalWords, [&name](std::string_view word) {
    return name.find(word) != std::string::npos;
  });
}

bool is_counter_name(const std::string& path) {
  const std::string name = lower_case(path.substr(path.find_last_of('/') + 1));
  const std::string last = name.substr(name.find_last_of('_') + 1);
  return std::ranges::find(kCounterWords, last) != kCounterWords.end();
}

}  // namespace gato::eval
