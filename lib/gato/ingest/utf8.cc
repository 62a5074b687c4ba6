#include "gato/ingest/utf8.h"

#include <cstdint>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

struct Form {
  size_t size;  // bytes in the character; 0 if it cannot begin one
  uint8_t second_min, second_max;  // valid range of the second byte
};

// Unicode 15, table 3-7: well-formed UTF-8 byte sequences, by first byte.
Form form_of(uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::optional<size_t> find_invalid_utf8(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  for (size_t i = 0; i < text.size();) {
    const Form form = form_of(byte(i));
    if (form.size == 0 || form.size > text.size() - i) return i;
    for (size_t k = 1; k < form.size; ++k) {
      const uint8_t min = k == 1 ? form.second_min : 0x80;
      const uint8_t max = k == 1 ? form.second_max : 0xBF;
      if (byte(i + k) < min || byte(i + k) > max) return i;
    }
    i += form.size;
  }
  return std::nullopt;
}

void require_utf8(std::string_view text, int64_t byte_offset) {
  if (const auto invalid = find_invalid_utf8(text)) {
    throw base::input_error("byte {} is not UTF-8",
                            byte_offset + static_cast<int64_t>(*invalid));
  }
}

}  // namespace gato::ingest
