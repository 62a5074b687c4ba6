// nlohmann::json parses standard JSON only. Each non-finite literal outside of
// strings is therefore replaced by a string that starts with a NUL character,
// which real input does not contain.
#include "gato/data/lenient_json.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "gato/base/error.h"
#include "gato/data/standard_json_filter.h"

namespace gato::data {
namespace {

constexpr int kMaxDepth = 256;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct NonFiniteLiteral {
  std::string_view text;
  double value;
};

constexpr std::array<NonFiniteLiteral, 3> kNonFiniteLiterals{{
    {"-Infinity", -kInfinity},
    {"Infinity", kInfinity},
    {"NaN", std::numeric_limits<double>::quiet_NaN()},
}};

// Returns what follows `begin` up to `end`, or to the end of the text if `end`
// is empty. Returns an empty string if either is missing.
std::string_view text_between(std::string_view text, std::string_view begin,
                              std::string_view end) {
  const size_t first = text.find(begin);
  if (first == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(first + begin.size());
  const size_t last = end.empty() ? text.size() : text.find(end);
  return last == std::string_view::npos ? std::string_view{}
                                        : text.substr(0, last);
}

}  // namespace

nlohmann::json parse_lenient_json(std::string_view text) {
  std::string strict;
  strict.reserve(text.size());
  StandardJsonFilter filter;
  filter.rewrite(text, /*is_last=*/true, strict);
  if (filter.max_depth() > kMaxDepth) {
    throw base::input_error("malformed JSON: nested more than {} levels deep",
                            kMaxDepth);
  }
  try {
    return nlohmann::json::parse(strict);
  } catch (const nlohmann::json::exception& error) {
    throw base::input_error("{}", describe_json_error(error));
  }
}

std::string describe_json_error(const nlohmann::json::exception& error) {
  // The numbers are part of the library's documented interface.
  constexpr int kParseError = 101, kWrongType = 302, kInvalidUtf8 = 316,
                kMissingKey = 403, kNumberOverflow = 406;
  const std::string_view message = error.what();
  switch (error.id) {
    case kParseError: {
      // "... parse error at line 1, column 5: ..."
      const std::string_view location = text_between(message, " at ", ":");
      return location.empty() ? "malformed JSON"
                              : fmt::format("malformed JSON at {}", location);
    }
    case kWrongType: {  // "... type must be number, but is string"
      const std::string_view expected = text_between(message, "must be ", ","),
                             found = text_between(message, "but is ", "");
      return expected.empty() || found.empty()
                 ? "a value has the wrong type"
                 : fmt::format("a value has the type {} instead of {}", found,
                               expected);
    }
    case kInvalidUtf8:
      return "a string is not valid UTF-8";
    case kMissingKey:  // "... key 'step' not found"
      return fmt::format("the key '{}' is missing",
                         text_between(message, "key '", "' not found"));
    case kNumberOverflow:
      return "malformed JSON: a number is out of range";
    default:
      return "a value has the wrong type";
  }
}

std::string summarize_json(const nlohmann::json& value) {
  if (value.is_array()) {
    return fmt::format("a list of {}", value.size());
  }
  if (!value.is_primitive()) {
    return fmt::format("an {}", value.type_name());
  }
  if (non_finite_number(value) != 0) {
    return value.get_ref<const std::string&>().substr(1);
  }
  constexpr size_t kMaxLength = 60;
  std::string text =
      value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() <= kMaxLength) {
    return text;
  }
  size_t end = kMaxLength;
  // Bytes 10xxxxxx continue a UTF-8 character, which must not be divided.
  while (end > 0 && (text[end] & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end) + "...";
}

int64_t json_integer(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    if (value.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX)) {
      return value.get<int64_t>();
    }
  } else if (value.is_number_integer()) {
    return value.get<int64_t>();
  } else if (value.is_number_float()) {
    constexpr double kMaxExactInteger = 9007199254740992;  // 2^53
    const auto number = value.get<double>();
    if (std::abs(number) <= kMaxExactInteger && std::floor(number) == number) {
      return static_cast<int64_t>(number);
    }
  }
  throw base::input_error("{} is not a 64-bit integer", summarize_json(value));
}

std::vector<int64_t> json_integers(const nlohmann::json& list) {
  if (!list.is_array()) {
    throw base::input_error("{} is not a list of integers",
                            summarize_json(list));
  }
  std::vector<int64_t> numbers;
  numbers.reserve(list.size());
  for (const auto& value : list) {
    numbers.push_back(json_integer(value));
  }
  return numbers;
}

int64_t json_integer_or_zero(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) {
    return 0;
  }
  try {
    return json_integer(*found);
  } catch (const base::Error& error) {
    throw base::input_error("key \"{}\": {}", key, error.what());
  }
}

double non_finite_number(const nlohmann::json& value) {
  if (!value.is_string()) {
    return 0;
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty() || text[0] != '\0') {
    return 0;
  }
  for (const NonFiniteLiteral& literal : kNonFiniteLiterals) {
    if (std::string_view(text).substr(1) == literal.text) {
      return literal.value;
    }
  }
  return 0;
}

}  // namespace gato::data
