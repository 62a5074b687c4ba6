#include "gato/base/string_util.h"

#include <catch2/catch.hpp>

using gato::base::escape_control_characters;

TEST_CASE("Only control characters are escaped") {
  CHECK(escape_control_characters("arcade/catch") == "arcade/catch");
  CHECK(escape_control_characters("T\xC3\xBCr \xF0\x9F\x9A\xAA \\n") ==
        "T\xC3\xBCr \xF0\x9F\x9A\xAA \\n");
  CHECK(escape_control_characters("a\nb\tc") == "a\\nb\\tc");
  CHECK(escape_control_characters(std::string("\x1b[31m\0\x7f", 7)) ==
        "\\x1b[31m\\x00\\x7f");
  CHECK(escape_control_characters("\xC2\x9B"
                                  "1m \xC2\xA0") == "\\x9b1m \xC2\xA0");
  CHECK(escape_control_characters("cut \xC2") == "cut \xC2");
}
