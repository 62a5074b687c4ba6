// Checks values that come from outside against the fields that describe them.
#pragma once

#include <string>
#include <vector>

#include "gato/data/episode.h"

namespace gato::data {

// Returns what keeps `values` from being one time step of `fields`: a wrong
// number of values, an array of another type or shape, text in place of numbers
// or a NaN. Returns an empty string if the values are valid. Bounds are not
// checked.
std::string find_invalid_value(const FieldValues& values,
                               const std::vector<Field>& fields);

}  // namespace gato::data
