#include "gato/base/parse_number.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

using namespace gato;
using namespace gato::base;

TEST_CASE("Complete texts are parsed as numbers") {
  REQUIRE(parse_number<int64_t>("-5", "x") == -5);
  REQUIRE(parse_number<int64_t>("9223372036854775807", "x") ==
          std::numeric_limits<int64_t>::max());
  REQUIRE(parse_number<uint64_t>("18446744073709551615", "x") ==
          std::numeric_limits<uint64_t>::max());
  REQUIRE(parse_number<double>("1e-4", "x") == 1e-4);
  REQUIRE(parse_number<double>("7", "x") == 7);
}

TEST_CASE("Any other text is refused with the reason") {
  const auto message = [](auto parse) -> std::string {
    try {
      parse();
    } catch (const Error& error) {
      REQUIRE(error.status() == ExitStatus::usage);
      return error.what();
    }
    return "no error";
  };
  REQUIRE(message([] { parse_number<int64_t>("5x", "option --n"); }) ==
          "option --n: '5x' is not an integer: unexpected 'x'");
  REQUIRE(message([] { parse_number<int64_t>("", "n"); }) ==
          "n: '' is not an integer");
  REQUIRE(message([] { parse_number<int64_t>(" 5", "n"); }) ==
          "n: ' 5' is not an integer");
  REQUIRE(message([] { parse_number<int64_t>("1.5", "n"); }) ==
          "n: '1.5' is not an integer: unexpected '.5'");
  REQUIRE(message([] { parse_number<uint64_t>("-1", "n"); }) ==
          "n: '-1' is not a non-negative integer");
  REQUIRE(message([] { parse_number<int64_t>("1e9", "n"); }) != "no error");
  REQUIRE(message([] { parse_number<int64_t>("9223372036854775808", "n"); }) ==
          "n: '9223372036854775808' is out of range");
  REQUIRE(message([] { parse_number<double>("inf", "n"); }) ==
          "n: 'inf' is not a finite number");
  REQUIRE(message([] { parse_number<double>("nan", "n"); }) != "no error");
}

TEST_CASE("Digits are told from other texts") {
  REQUIRE(is_digits("0"));
  REQUIRE(is_digits("00012345678901234567890"));
  for (const char* text : {"", "-1", "+1", "1.5", " 1", "1 ", "1e3", "x"}) {
    INFO(text);
    REQUIRE_FALSE(is_digits(text));
  }
}

TEST_CASE("Durations are parsed with units and as HH:MM:SS") {
  REQUIRE(parse_duration("90", "t") == 90);
  REQUIRE(parse_duration("1.5s", "t") == 1.5);
  REQUIRE(parse_duration("50ms", "t") == 0.05);
  REQUIRE(parse_duration("15m", "t") == 900);
  REQUIRE(parse_duration("2h", "t") == 7200);
  REQUIRE(parse_duration("1d", "t") == 86400);
  REQUIRE(parse_duration("01:02:03", "t") == 3723);
  REQUIRE(parse_duration("02:03", "t") == 123);
  for (const char* text : {"", "s", "5x", "-1", "1:", ":", "1h30m"}) {
    INFO(text);
    REQUIRE_THROWS_AS(parse_duration(text, "t"), Error);
  }
  REQUIRE_THROWS_WITH(parse_duration("banana", "option --max-time"),
                      "option --max-time: 'banana' is not a duration, such as "
                      "50ms, 30s, 10m, 2h, 1d or HH:MM:SS");
}
