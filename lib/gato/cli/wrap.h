#pragma once

#include <string>

namespace gato::cli {

// Breaks the lines of a text between words, at most 80 bytes with the indent.
// Empty lines stay, and so do lines that begin with a space.
std::string wrap(const std::string& text, size_t indent);

}  // namespace gato::cli
