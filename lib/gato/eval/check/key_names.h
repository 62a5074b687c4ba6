// Guesses about the values of a key from its name.
#pragma once

#include <string>

namespace gato::eval {

// Returns whether the values are likely to say what is to be done, such as
// "desired_goal" or "mission", so that they may be constant.
bool is_goal_name(const std::string& path);

// Returns whether the last part of a path is, or ends with, the name of a
// counter, such as "time" or "step_id".
bool is_counter_name(const std::string& path);

}  // namespace gato::eval
