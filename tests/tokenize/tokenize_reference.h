// What the tests of this folder share.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/episode.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::test {

// A part of tests/reference/tokenize_reference.json, the golden vectors of
// tests/reference/tokenize_reference.py.
nlohmann::json load_reference(const std::string& part);

// h = 31 h + byte, modulo 2^32, as in the reference script.
template <class Bytes>
uint32_t checksum(const Bytes& bytes) {
  uint32_t value = 0;
  for (uint8_t byte : bytes) value = value * 31 + byte;
  return value;
}

// Pixel i is (7919 i + 101 seed) mod 251.
data::Array make_pattern(std::vector<int64_t> shape, int64_t seed);

// tests/reference/text.model: 200 pieces, with </s>.
std::string text_model_bytes();

}  // namespace gato::test
