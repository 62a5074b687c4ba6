// Operands: lists of files, globs.
#pragma once

#include <string>
#include <vector>

namespace gato::cli {

// Expands each text that has glob characters and is no file itself, in sorted
// order. A weight at the end, "PATTERN:2.5", goes to every match. Error (io)
// where a pattern matches nothing.
std::vector<std::string> expand_globs(const std::vector<std::string>& texts);

// One name a line from a file, or from stdin where it is "-"; names are taken
// as they are, empty lines are left out. Error (io) where it cannot be read.
std::vector<std::string> read_file_list(const std::string& path);

}  // namespace gato::cli
