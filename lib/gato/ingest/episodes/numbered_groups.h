// Groups whose names are numbered: episode_<i>, demo_<i>.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gato::ingest {

// The numbers of all names that are `prefix` and a number without leading
// zeros, ascending: by name, 10 would come before 2.
std::vector<int64_t> sorted_number_suffixes(
    const std::vector<std::string>& names, std::string_view prefix);

// The other names, which no reader of such groups looks at.
std::vector<std::string> unnumbered_names(const std::vector<std::string>& names,
                                          std::string_view prefix);

}  // namespace gato::ingest
