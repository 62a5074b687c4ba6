// Operands: lists of files, globs, braces.
#pragma once

#include <string>
#include <vector>

namespace gato::base {

// Expands each text that is no file itself: first braces, then glob characters,
// in sorted order. A weight at the end, "PATTERN:2.5", goes to every match.
// Error (io) where a pattern matches nothing.
std::vector<std::string> expand_patterns(const std::vector<std::string>& texts);

// As bash does: "{0008..0011}" gives the numbers in the width of the wider end,
// "{train,val}" each part; braces nest, and others stay as they are. Error
// (usage) for more than a million texts.
std::vector<std::string> expand_braces(const std::string& text);

// The file of an operand that may end with ":WEIGHT": the whole operand where
// it exists, else what stands before the weight.
std::string path_without_weight(const std::string& operand);

// One name a line from a file, or from stdin where it is "-"; separated by NUL
// in place of line ends where it holds any, as find -print0 writes them. Names
// are taken as they are, empty ones are left out. Error (io) where it cannot be
// read.
std::vector<std::string> read_file_list(const std::string& path);

}  // namespace gato::base
