// Texts of others within lines and tables of ours.
#pragma once

#include <string>
#include <string_view>

namespace gato::base {

// The text with control characters escaped, as \n, \t or \x1b: of ASCII, and
// those of Unicode (U+0080 to U+009F) in UTF-8.
std::string escape_control_characters(std::string_view text);

// What stands before the first \n: LibTorch's messages go on with a stack
// trace.
std::string first_line(const std::string& text);

}  // namespace gato::base
