// Groups whose names are numbered: episode_<i>, demo_<i>.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gato::ingest {

struct NumberedName {
  int64_t number = 0;
  std::string name;
  bool operator==(const NumberedName&) const = default;
};

// Returns the names that consist of `prefix` and a number, which may have
// leading zeros, in ascending order of the numbers. (By name, 10 would come
// before 2.) Throws Error(bad_input) if two of them have the same number.
std::vector<NumberedName> sort_numbered_names(
    const std::vector<std::string>& names, std::string_view prefix);

// Returns the other names.
std::vector<std::string> unnumbered_names(const std::vector<std::string>& names,
                                          std::string_view prefix);

}  // namespace gato::ingest
