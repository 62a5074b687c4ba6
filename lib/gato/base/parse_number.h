// Strict parsing of numbers: the complete text must be a number.
#pragma once

#include <string_view>

#include "gato/base/error.h"

namespace gato::base {

// Returns the number in `text`. T is int64_t, uint64_t or double. Throws
// Error(status) if the text is empty, has trailing text, is out of T's range,
// or is NaN or infinite. `what` begins the error message, e.g. "option
// --length" or "scores.json: task 'catch': mean".
template <class T>
T parse_number(std::string_view text, std::string_view what,
               ExitStatus status = ExitStatus::usage);

// Returns whether a text consists of decimal digits, at least one.
bool is_digits(std::string_view text);

// Returns the seconds of a duration: "90", "90s", "50ms", "15m", "2h", "1d" or
// "HH:MM:SS". Throws Error(status) for any other text.
double parse_duration(std::string_view text, std::string_view what,
                      ExitStatus status = ExitStatus::usage);

}  // namespace gato::base
