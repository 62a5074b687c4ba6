#include "gato/commands/info/token_sizes.h"

#include <cmath>

namespace gato::commands {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kLengths[] = {64, 128, 256, 512, 1024, 2048};
constexpr int64_t kWindowSteps[] = {1, 2, 4, 8, 16, 32};

}  // namespace

ordered_json CountSummary::to_json() const {
  const double mean = static_cast<double>(sum) /
                      static_cast<double>(std::max<int64_t>(count, 1));
  return {{"mean", std::round(10 * mean) / 10}, {"max", max}};
}

void TokenSizes::add(const data::TokenizedDocument& document) {
  tokens_per_document_.add(std::ssize(document.tokens));
  if (!document.is_episode) {
    return;
  }
  steps_per_episode_.add(std::ssize(document.step_offset) - 1);
  for (size_t i = 1; i < document.step_offset.size(); ++i) {
    tokens_per_step_.add(document.step_offset[i] - document.step_offset[i - 1]);
  }
}

ordered_json TokenSizes::facts() const {
  ordered_json facts = {{"task", task_}};
  if (has_steps()) {
    facts["tokens_per_step"] = tokens_per_step_.to_json();
    facts["steps_per_episode"] = steps_per_episode_.to_json();
  }
  facts["tokens_per_document"] = tokens_per_document_.to_json();
  return facts;
}

ordered_json TokenSizes::steps_by_length() const {
  ordered_json facts = {{"task", task_}};
  for (const int64_t length : kLengths) {
    facts[std::to_string(length)] = length / tokens_per_step_.max;
  }
  return facts;
}

ordered_json TokenSizes::tokens_by_window() const {
  ordered_json facts = {{"task", task_}};
  for (const int64_t steps : kWindowSteps) {
    facts[std::to_string(steps)] = steps * tokens_per_step_.max;
  }
  return facts;
}

}  // namespace gato::commands
