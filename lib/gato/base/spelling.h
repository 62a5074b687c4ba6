// "Did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gato::base {

// The name with the smallest edit distance (insertions, deletions,
// replacements, swaps of neighbours), or an empty text where none is near: a
// third of the longer name's length, at least 2, is the limit. '_' and '-' are
// the same.
std::string closest_name(std::string_view text,
                         const std::vector<std::string>& names);

// "; did you mean 'NAME'?", or nothing where no name is near: the end of an
// error's message.
std::string suggestion(std::string_view text,
                       const std::vector<std::string>& names);

}  // namespace gato::base
