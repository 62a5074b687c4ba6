// The sizes of steps and documents, from which users choose the length and the
// windows of sequences.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gato/data/tokens.h"

namespace gato::commands {

// The mean and the maximum of counts.
struct CountSummary {
  int64_t count = 0, sum = 0, max = 0;
  void add(int64_t value) {
    ++count;
    sum += value;
    max = std::max(max, value);
  }
  // Returns {"mean", "max"}.
  nlohmann::ordered_json to_json() const;
};

// The sizes of the documents of one task.
class TokenSizes {
 public:
  explicit TokenSizes(std::string task) : task_(std::move(task)) {}
  void add(const data::TokenizedDocument& document);

  bool has_steps() const { return tokens_per_step_.max > 0; }
  // Returns {"task", "tokens_per_step"?, "steps_per_episode"?,
  // "tokens_per_document"}, each {"mean", "max"}.
  nlohmann::ordered_json facts() const;
  // Returns {"task", "64": N, "128": N...}: how many of the largest steps fit
  // in a sequence of this length. Requires has_steps().
  nlohmann::ordered_json steps_by_length() const;
  // Returns {"task", "1": N, "2": N...}: the tokens of a window of that many of
  // the largest steps. Requires has_steps().
  nlohmann::ordered_json tokens_by_window() const;

 private:
  std::string task_;
  CountSummary tokens_per_step_, steps_per_episode_, tokens_per_document_;
};

}  // namespace gato::commands
