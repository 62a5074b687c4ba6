// Suggestions for misspelled names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gato::base {

// Returns the name with the smallest edit distance to `text` (insertions,
// deletions, substitutions, transpositions of neighbors), or an empty string if
// none is close. The limit is a third of the longer name's length, but at least
// 2. If the distance is larger than 1, the shortest name that begins with
// `text` is returned, if there is one and `text` has at least three characters.
// '_' and '-' are considered equal.
std::string closest_name(std::string_view text,
                         const std::vector<std::string>& names);

// Returns the end of an error message: "; did you mean 'NAME'?", or an empty
// string if no name is close.
std::string suggestion(std::string_view text,
                       const std::vector<std::string>& names);

}  // namespace gato::base
