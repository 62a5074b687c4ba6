// Lower case and white space of Unicode text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gato::eval {

// Returns UTF-8 in lower case, independently of the locale. Bytes that are not
// UTF-8 become U+FFFD, here and below.
std::string to_lower_case(std::string_view text);

// Returns a text without white space at its beginning and its end.
std::string strip_white_space(std::string_view text);

// Returns the parts of a text between characters of white space, without empty
// ones.
std::vector<std::string> split_at_white_space(std::string_view text);

}  // namespace gato::eval
