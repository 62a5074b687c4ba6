// Helpers of the tests in this directory.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/episode.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::test {

// Loads a part of tests/reference/tokenize_reference.json, which
// tests/reference/tokenize_reference.py writes.
nlohmann::json load_reference(const std::string& part);

// Computes h = 31 h + byte, modulo 2^32, as the reference script does.
template <class Bytes>
uint32_t checksum(const Bytes& bytes) {
  uint32_t value = 0;
  for (uint8_t byte : bytes) {
    value = value * 31 + byte;
  }
  return value;
}

// Returns an array whose element i is (7919 i + 101 seed) mod 251.
data::Array make_pattern(std::vector<int64_t> shape, int64_t seed);

// Returns the bytes of tests/reference/text.model, which has 200 pieces.
std::string text_model_bytes();

}  // namespace gato::test
