// The values that flow from readers and environments to the tokenizer.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gato/data/array.h"
#include "gato/data/task.h"

namespace gato::data {

// One value of a field at one time step: numbers, or a text.
using FieldValue = std::variant<Array, std::string>;
// In the order of the spec's fields.
using FieldValues = std::vector<FieldValue>;

// All time steps of a field: numbers [T or T+1, shape...], or a text a step.
using FieldColumn = std::variant<Array, std::vector<std::string>>;

// T steps: observations o_0..o_T (the last may be missing: T or T+1 rows),
// actions a_0..a_{T-1}, rewards likewise (empty where unknown).
struct Episode {
  int64_t id = 0;
  std::optional<uint64_t> seed;
  std::vector<FieldColumn> observations;  // one a field of spec.observation
  std::vector<FieldColumn> actions;  // executed; one a field of spec.action
  std::vector<FieldColumn>
      expert_actions;  // the expert's own choice; empty or like actions
  std::vector<double> rewards;
  std::vector<uint8_t> terminations, truncations;
  std::map<std::string, std::vector<double>> infos;  // scalars a step, T+1 rows
  bool failed = false;  // the environment broke down
  std::optional<bool> success;
  int64_t step_count() const;   // T
  double total_reward() const;  // sum of rewards; NaN where unknown
};

// Error (bad_input) that begins with `label` where a reward is not finite: no
// return could be told, nor a score.
void require_finite_rewards(const Episode& episode, const std::string& label);

// Scalars of infos that say whether an episode succeeded: it did where one was
// above zero at any time.
inline constexpr std::array kSuccessInfoKeys{"success", "is_success"};

}  // namespace gato::data
