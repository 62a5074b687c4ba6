// A field for tests, without bounds.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gato/data/space.h"

namespace gato::test {

inline data::Field make_field(std::string name, data::Role role,
                              data::DType dtype, std::vector<int64_t> shape) {
  data::Field field;
  field.name = std::move(name);
  field.role = role;
  field.dtype = dtype;
  field.shape = std::move(shape);
  return field;
}

}  // namespace gato::test
