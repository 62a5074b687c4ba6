// Findings of a check of data, a run or a model.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::eval {

// An error makes data unusable: gato-tokenize refuses it, or a network cannot
// learn from it. A warning may be intended.
enum class Severity { warning, error };
const char* severity_name(Severity severity);

struct Finding {
  Severity severity = Severity::warning;
  std::string check;    // its name, such as "nan" or "jump"
  std::string key;      // of a value, a task or a tensor; may be empty
  std::string message;  // "what is wrong: what to do"
  int64_t count = 0;    // how often; the message says of what
};

// Returns {"severity", "check", "key", "message", "count"}.
nlohmann::ordered_json finding_to_json(const Finding& finding);

// Sorts errors before warnings, and otherwise keeps the order.
void sort_findings(std::vector<Finding>& findings);

// Values of one kind, such as NaNs: how many there are, and the first of them.
struct Occurrences {
  int64_t count = 0;
  int64_t episode = 0;  // the id of its episode
  int64_t row = 0;      // the time step
  int64_t element = 0;  // in row-major order
  double value = 0;

  void add(int64_t at_row, int64_t at_element, double found) {
    if (count++ == 0) {
      row = at_row;
      element = at_element;
      value = found;
    }
  }
  // Adds those of the episode with this id. The first call that adds any
  // decides which is the first.
  void add_episode(const Occurrences& other, int64_t episode_id);
  // Returns the location of the first: "episode 3, step 17, element 2". The
  // element is left out if `elements` is 1.
  std::string location(int64_t elements) const;
};

// Returns "1 episode" or "12 episodes".
std::string counted(int64_t count, const std::string& noun);
// Returns a share as "12 %", "0.3 %" or "less than 0.1 %".
std::string percent(int64_t part, int64_t all);

}  // namespace gato::eval
