#include "gato/base/one_line.h"

#include <catch2/catch.hpp>

using gato::one_line;

TEST_CASE("control characters are escaped, all else stays") {
  CHECK(one_line("arcade/catch") == "arcade/catch");
  CHECK(one_line("T\xC3\xBCr \xF0\x9F\x9A\xAA \\n") ==
        "T\xC3\xBCr \xF0\x9F\x9A\xAA \\n");
  CHECK(one_line("a\nb\tc") == "a\\nb\\tc");
  CHECK(one_line(std::string("\x1b[31m\0\x7f", 7)) == "\\x1b[31m\\x00\\x7f");
  CHECK(one_line("\xC2\x9B"
                 "1m \xC2\xA0") == "\\x9b1m \xC2\xA0");
  CHECK(one_line("cut \xC2") == "cut \xC2");
}
