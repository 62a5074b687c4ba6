#include "gato/data/standard_json_filter.h"

#include <catch2/catch.hpp>

using gato::data::StandardJsonFilter;

namespace {

std::string rewrite(const std::string& text) {
  std::string output;
  StandardJsonFilter filter;
  CHECK(filter.rewrite(text, true, output) == text.size());
  return output;
}

}  // namespace

TEST_CASE("Standard JSON is not changed") {
  const std::string text =
      R"({"a \\": [1, -2.5, "NaN \" Infinity \ud83d\ude00 \u00e9", null]})";
  CHECK(rewrite(text) == text);
  CHECK(rewrite("\"\\") == "\"\\");
  CHECK(rewrite("\"\\u12") == "\"\\u12");
}

TEST_CASE("Unpaired surrogates become replacement characters") {
  CHECK(rewrite(R"("\ud800")") == R"("\ufffd")");
  CHECK(rewrite(R"("\uDE00\ud83D\uDE00\ud83d")") ==
        R"("\ufffd\ud83D\uDE00\ufffd")");
  CHECK(rewrite(R"("\ud83d\ud83d\ude00\\ud800")") ==
        R"("\ufffd\ud83d\ude00\\ud800")");
}

TEST_CASE("Numbers too large for a double become infinities") {
  CHECK(rewrite("[1e400, -1E+999, 1e-400, 12e3, -0]") ==
        R"(["\u0000Infinity", "\u0000-Infinity", 1e-400, 12e3, -0])");
  CHECK(rewrite(std::string(400, '9')) == R"("\u0000Infinity")");
  CHECK(rewrite(std::string(300, '9')) == std::string(300, '9'));
  CHECK(rewrite("1e400e") == "1e400e");  // not a number
  CHECK(rewrite(std::string(9000, '9')) == std::string(9000, '9'));
}

TEST_CASE("A text may be divided anywhere") {
  const std::string text =
      R"([{"x": NaN, "y": [-Infinity, -1]}, "\ud83d\ude00\ud83d", Infinity])";
  const std::string expected = rewrite(text);
  CHECK(expected == R"([{"x": "\u0000NaN", "y": ["\u0000-Infinity", -1]}, )"
                    R"("\ud83d\ude00\ufffd", "\u0000Infinity"])");
  for (size_t step = 1; step < text.size(); ++step) {
    CAPTURE(step);
    StandardJsonFilter filter;
    std::string output, rest;
    for (size_t i = 0; i < text.size(); i += step) {
      rest += text.substr(i, step);
      rest.erase(0, filter.rewrite(rest, i + step >= text.size(), output));
    }
    CHECK(rest.empty());
    CHECK(output == expected);
    CHECK(filter.max_depth() == 3);
  }
}
