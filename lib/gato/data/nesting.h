// Between fields, named by joined paths, and the nested spaces they come from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gato/data/space.h"

namespace gato {

// Whether HDF5 can have an object of this path: no part of it is empty, "." or
// "..", or holds a NUL.
bool is_path(std::string_view path);

// "a/b/c" as {"a", "b", "c"}.
std::vector<std::string> split_path(std::string_view path);

// True for a single field of that name: the space is the leaf itself.
bool is_bare(const std::vector<Field>& fields, const std::string& bare_name);

// The inverse of flatten(). Text fields admit printable ASCII and `extra_text`
// and texts of up to `longest_text` characters.
Space nest(const std::vector<Field>& fields, const std::string& bare_name,
           int64_t longest_text, const std::string& extra_text);

}  // namespace gato
