// Checked parsing of numbers: the whole text or an error.
#pragma once

#include <string_view>

#include "gato/base/error.h"

namespace gato::base {

// T is int64_t, uint64_t or double. Trailing text, an empty text, a value out
// of T's range and NaN or infinity are refused. `what` begins the message of
// the error, e.g. "option --length" or "scores.json: task 'catch': mean".
template <class T>
T parse_number(std::string_view text, std::string_view what,
               ExitStatus status = ExitStatus::usage);

// Seconds from "90", "90s", "15m", "2h", "1d" or "HH:MM:SS".
double parse_duration(std::string_view text, std::string_view what,
                      ExitStatus status = ExitStatus::usage);

}  // namespace gato::base
