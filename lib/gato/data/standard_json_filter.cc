#include "gato/data/standard_json_filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace gato::data {
namespace {

constexpr std::array<std::string_view, 3> kNonFiniteLiterals{"-Infinity",
                                                             "Infinity", "NaN"};
constexpr size_t kMaxLiteralBytes = 9;
constexpr size_t kEscapeBytes = 6;  // of \uXXXX

// Returns the UTF-16 code unit of the escape sequence \uXXXX that the text
// begins with.
std::optional<unsigned> escaped_code_unit(std::string_view text) {
  if (text.size() < kEscapeBytes || !text.starts_with("\\u")) {
    return std::nullopt;
  }
  unsigned unit = 0;
  const char* const end = text.data() + kEscapeBytes;
  const auto result = std::from_chars(text.data() + 2, end, unit, 16);
  if (result.ptr != end) {
    return std::nullopt;
  }
  return unit;
}

bool is_high_surrogate(unsigned unit) { return (unit & 0xFC00) == 0xD800; }
bool is_low_surrogate(unsigned unit) { return (unit & 0xFC00) == 0xDC00; }

}  // namespace

size_t StandardJsonFilter::rewrite(std::string_view text, bool is_last,
                                   std::string& output) {
  size_t done = 0;
  while (done < text.size()) {
    const std::string_view rest = text.substr(done);
    const size_t count = in_string_
                             ? rewrite_in_string(rest, is_last, output)
                             : rewrite_outside_string(rest, is_last, output);
    if (count == 0) {
      break;
    }
    done += count;
  }
  return done;
}

size_t StandardJsonFilter::rewrite_in_string(std::string_view text,
                                             bool is_last,
                                             std::string& output) {
  size_t end = 0;
  while (end < text.size() && text[end] != '"' && text[end] != '\\') {
    ++end;
  }
  if (end > 0) {
    output += text.substr(0, end);
    return end;
  }
  if (text[0] == '"') {
    in_string_ = false;
    output += '"';
    return 1;
  }
  if (!is_last && text.size() < 2 * kEscapeBytes) {
    return 0;
  }
  const auto unit = escaped_code_unit(text);
  if (!unit || (!is_high_surrogate(*unit) && !is_low_surrogate(*unit))) {
    output += text.substr(0, 2);
    return std::min<size_t>(text.size(), 2);
  }
  const auto next = escaped_code_unit(text.substr(kEscapeBytes));
  if (is_high_surrogate(*unit) && next && is_low_surrogate(*next)) {
    output += text.substr(0, 2 * kEscapeBytes);
    return 2 * kEscapeBytes;
  }
  output += "\\ufffd";
  return kEscapeBytes;
}

size_t StandardJsonFilter::rewrite_outside_string(std::string_view text,
                                                  bool is_last,
                                                  std::string& output) {
  const char first = text[0];
  if (first == '-' || first == 'I' || first == 'N') {
    if (!is_last && text.size() < kMaxLiteralBytes) {
      return 0;
    }
    for (const std::string_view literal : kNonFiniteLiterals) {
      if (!text.starts_with(literal)) {
        continue;
      }
      output.append("\"\\u0000").append(literal).append("\"");
      return literal.size();
    }
  }
  if (first == '-' || (first >= '0' && first <= '9')) {
    return rewrite_number(text, is_last, output);
  }
  in_string_ = first == '"';
  if (first == '[' || first == '{') {
    max_depth_ = std::max(max_depth_, ++depth_);
  } else if (first == ']' || first == '}') {
    --depth_;
  }
  output += first;
  return 1;
}

size_t StandardJsonFilter::rewrite_number(std::string_view text, bool is_last,
                                          std::string& output) {
  // Longer numbers are left to the parser.
  constexpr size_t kMaxNumberBytes = 4096;
  constexpr size_t kMaxFiniteDigits = 308;
  const size_t size =
      std::min(text.find_first_not_of("0123456789+-.eE"), text.size());
  if (size == text.size() && !is_last && size < kMaxNumberBytes) {
    return 0;
  }
  const std::string number(text.substr(0, size));
  const bool may_overflow = size > kMaxFiniteDigits ||
                            number.find_first_of("eE") != std::string::npos;
  if (may_overflow && size < kMaxNumberBytes) {
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (std::isinf(value) && *end == '\0') {
      output.append(value < 0 ? "\"\\u0000-Infinity\"" : "\"\\u0000Infinity\"");
      return size;
    }
  }
  output += number;
  return size;
}

}  // namespace gato::data
