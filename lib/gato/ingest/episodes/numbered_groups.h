// Groups whose names are numbered: episode_<i>, demo_<i>.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gato::ingest {

// Returns the numbers of all names that consist of `prefix` and a number
// without leading zeros, in ascending order. (By name, 10 would come before 2.)
std::vector<int64_t> sorted_number_suffixes(
    const std::vector<std::string>& names, std::string_view prefix);

// Returns the other names.
std::vector<std::string> unnumbered_names(const std::vector<std::string>& names,
                                          std::string_view prefix);

}  // namespace gato::ingest
