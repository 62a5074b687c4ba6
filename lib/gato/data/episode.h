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

// The value of a field at one time step: numbers or a text.
using FieldValue = std::variant<Array, std::string>;
// The values of all fields at one time step, in the order of the spec's fields.
using FieldValues = std::vector<FieldValue>;

// Returns the reason why `values` is not a valid time step of `fields`: a wrong
// number of values, an array of the wrong type or shape, text in place of
// numbers, or a NaN. Returns an empty string if the values are valid. Bounds
// are not checked.
std::string find_invalid_value(const FieldValues& values,
                               const std::vector<Field>& fields);

// All time steps of a field: numbers [T or T+1, shape...], or one text per
// step.
using FieldColumn = std::variant<Array, std::vector<std::string>>;

// An episode of T steps: observations o_0..o_T (o_T may be missing, so there
// are T or T+1 rows), actions a_0..a_{T-1} and rewards r_0..r_{T-1} (empty if
// unknown).
struct Episode {
  int64_t id = 0;
  std::optional<uint64_t> seed;
  // One column per field of TaskSpec::observation_fields.
  std::vector<FieldColumn> observations;
  // The executed actions, one column per field of TaskSpec::action_fields.
  std::vector<FieldColumn> actions;
  // The actions that the expert would have taken; empty, or shaped as
  // `actions`.
  std::vector<FieldColumn> expert_actions;
  std::vector<double> rewards;
  std::vector<uint8_t> terminations, truncations;
  // Scalars from the environment's info dicts, T+1 values each.
  std::map<std::string, std::vector<double>> infos;
  bool failed = false;  // the environment failed during the episode
  std::string failure;  // why it failed; empty if unknown
  std::optional<bool> success;
  int64_t step_count() const;   // T
  double total_reward() const;  // sum of rewards; NaN if unknown
};

// Throws Error(bad_input), with a message that begins with `label`, if a reward
// is not finite, because the return and the score would then be undefined.
void require_finite_rewards(const Episode& episode, const std::string& label);

// The keys of Episode::infos that report success: Gymnasium environments use
// the first, those of Gymnasium-Robotics the second.
inline constexpr std::array kSuccessInfoKeys{"success", "is_success"};

// Returns whether the episode with these infos succeeded, that is, whether one
// of kSuccessInfoKeys was above 0.5 at any step. Returns nullopt if `infos` has
// none of these keys.
std::optional<bool> success_from_infos(
    const std::map<std::string, std::vector<double>>& infos);

// Returns the number of steps after which one of kSuccessInfoKeys first was
// above 0.5, or nullopt if none ever was.
std::optional<int64_t> steps_to_success(
    const std::map<std::string, std::vector<double>>& infos);

}  // namespace gato::data
