#include "gato/ingest/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

constexpr uint8_t kInvalidDigit = 64;

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<uint8_t, 256> make_digit_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kInvalidDigit);
  for (size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<uint8_t>(kDigits[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr auto kDigitValues = make_digit_values();

}  // namespace

std::string decode_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  uint32_t group = 0;  // of four digits: those read so far, six bits each
  int digits = 0;
  size_t padding = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r') {
      continue;
    }
    const uint8_t value = kDigitValues[static_cast<uint8_t>(text[i])];
    padding += text[i] == '=';
    if (padding > 2 || (value == kInvalidDigit) != (padding > 0)) {
      throw base::input_error("character {} of {} is not base64", i + 1,
                              text.size());
    }
    if (padding > 0) {
      continue;
    }
    group = group << 6 | value;
    if (++digits < 4) {
      continue;
    }
    bytes += {static_cast<char>(group >> 16), static_cast<char>(group >> 8),
              static_cast<char>(group)};
    group = 0;
    digits = 0;
  }
  if (digits == 1 || (padding > 0 && (digits + padding) % 4 != 0)) {
    throw base::input_error("the base64 is truncated");
  }
  if (digits >= 2) {
    bytes += static_cast<char>(group >> (6 * digits - 8));
  }
  if (digits == 3) {
    bytes += static_cast<char>(group >> 2);
  }
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty();
       bytes.remove_prefix(std::min<size_t>(3, bytes.size()))) {
    uint32_t group = 0;  // three bytes, or fewer at the end, followed by zeros
    for (size_t i = 0; i < 3; ++i) {
      group =
          group << 8 | (i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0);
    }
    for (size_t i = 0; i < 4; ++i) {
      text += i <= bytes.size() ? kDigits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

}  // namespace gato::ingest
