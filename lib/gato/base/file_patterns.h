// Expansion of operands: globs, braces and lists of files.
#pragma once

#include <string>
#include <vector>

namespace gato::base {

// Expands the braces and then the glob characters of each text that is not the
// name of a file. A component "**" matches any number of directories, or none.
// The matches of a glob are sorted. A weight at the end, as in "PATTERN:2.5",
// is appended to every match. Throws Error(io) if a pattern matches nothing.
std::vector<std::string> expand_patterns(const std::vector<std::string>& texts);

// Expands braces as bash does: "{0008..0011}" to the numbers, padded with zeros
// to the width of the wider end, and "{train,val}" to each alternative. Braces
// may be nested; any other braces are kept unchanged. Throws Error(usage) if
// there are more than a million results.
std::vector<std::string> expand_braces(const std::string& text);

// Returns the file of an operand that may end with ":WEIGHT": the complete
// operand if it exists as a file, otherwise the part before the weight.
std::string path_without_weight(const std::string& operand);

// Reads names from a file, or from stdin if `path` is "-". The names are
// separated by NUL if the list contains any (as from find -print0), otherwise
// by "\n" or "\r\n". The names are not expanded; empty ones are skipped. Throws
// Error(io) if the list cannot be read.
std::vector<std::string> read_file_list(const std::string& path);

}  // namespace gato::base
