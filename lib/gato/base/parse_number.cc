#include "gato/base/parse_number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace gato::base {
namespace {

template <class T>
constexpr const char* number_type_name() {
  if (std::is_floating_point_v<T>) {
    return "a number";
  }
  return std::is_signed_v<T> ? "an integer" : "a non-negative integer";
}

}  // namespace

template <class T>
T parse_number(std::string_view text, std::string_view what,
               ExitStatus status) {
  const auto parse_error = [&](const std::string& reason) {
    return Error(status, fmt::format("{}: '{}' is {}", what, text, reason));
  };
  const std::string wrong_type = fmt::format("not {}", number_type_name<T>());
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  if (code == std::errc::result_out_of_range) {
    throw parse_error("out of range");
  }
  if (code != std::errc()) {
    throw parse_error(wrong_type);
  }
  if (rest != end) {
    throw parse_error(
        fmt::format("{}: unexpected '{}'", wrong_type, std::string(rest, end)));
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      throw parse_error("not a finite number");
    }
  }
  return value;
}

template int64_t parse_number(std::string_view, std::string_view, ExitStatus);
template uint64_t parse_number(std::string_view, std::string_view, ExitStatus);
template double parse_number(std::string_view, std::string_view, ExitStatus);

bool is_digits(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

double parse_duration(std::string_view text, std::string_view what,
                      ExitStatus status) {
  const auto number = [&](std::string_view part) {
    double value = 0;
    const char* end = part.data() + part.size();
    const auto [rest, code] = std::from_chars(part.data(), end, value);
    if (code != std::errc() || rest != end || !std::isfinite(value)) {
      throw Error(status, fmt::format("{}: '{}' is not a duration, such as "
                                      "50ms, 30s, 10m, 2h, 1d or HH:MM:SS",
                                      what, text));
    }
    if (value < 0) {
      throw Error(status, fmt::format("{}: '{}' is negative", what, text));
    }
    return value;
  };
  // "HH:MM:SS" is a number in base 60. Each part may be any number.
  if (text.find(':') != std::string_view::npos) {
    double seconds = 0;
    size_t begin = 0;
    while (true) {
      const size_t colon = text.find(':', begin);
      seconds = seconds * 60 + number(text.substr(begin, colon - begin));
      if (colon == std::string_view::npos) {
        return seconds;
      }
      begin = colon + 1;
    }
  }
  double unit = 1;
  switch (text.empty() ? 's' : text.back()) {
    case 'd':
      unit = 86400;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'm':
      unit = 60;
      break;
    case 's':
      if (text.ends_with("ms")) {
        return number(text.substr(0, text.size() - 2)) / 1000;
      }
      break;
    default:
      return number(text);
  }
  return number(text.substr(0, text.empty() ? 0 : text.size() - 1)) * unit;
}

}  // namespace gato::base
