// Includes Catch2 after LibTorch's logging, whose own CHECK aborts and would
// replace Catch's if it were included later. For the tests of gato_nn.
#pragma once

#include <c10/util/Logging.h>

#include <catch2/catch.hpp>
#include <string>

#include "gato/base/bytes.h"

// LibTorch can print every vector, but its code does not compile for Bytes.
template <>
struct Catch::StringMaker<gato::base::Bytes> {
  static std::string convert(const gato::base::Bytes& bytes) {
    return std::to_string(bytes.size()) + " bytes";
  }
};
