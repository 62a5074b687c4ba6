// Catch2 for the tests of gato_nn, after LibTorch's logging: that defines a
// CHECK of its own, which aborts, and would replace Catch's if it came later.
#pragma once

#include <c10/util/Logging.h>

#include <catch2/catch.hpp>
#include <string>

#include "gato/base/bytes.h"

// LibTorch streams all vectors, but fails to compile for one of bytes.
template <>
struct Catch::StringMaker<gato::base::Bytes> {
  static std::string convert(const gato::base::Bytes& bytes) {
    return std::to_string(bytes.size()) + " bytes";
  }
};
