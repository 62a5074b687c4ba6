#include "gato/ingest/utf8.h"

#include <catch2/catch.hpp>

using namespace gato;
using namespace gato::ingest;

TEST_CASE("Valid UTF-8 has no invalid byte") {
  CHECK_FALSE(find_invalid_utf8(""));
  CHECK_FALSE(find_invalid_utf8("plain"));
  CHECK_FALSE(
      find_invalid_utf8("a\xC2\x80\xE0\xA0\x80\xED\x9F\xBF\xEF\xBF\xBF"
                        "\xF0\x90\x80\x80\xF4\x8F\xBF\xBFz"));
}

TEST_CASE("The first byte that does not begin a character is found") {
  CHECK(find_invalid_utf8("ab\x80") == 2);         // cannot begin a character
  CHECK(find_invalid_utf8("\xC0\xAF") == 0);       // overlong
  CHECK(find_invalid_utf8("a\xE0\x9F\xBF") == 1);  // overlong
  CHECK(find_invalid_utf8("\xED\xA0\x80") == 0);   // surrogate
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(find_invalid_utf8("abc\xE2\x82") == 3);       // truncated
  CHECK(find_invalid_utf8("\xE2\x82z") == 0);         // no continuation
  CHECK(find_invalid_utf8("\xFF") == 0);
}

TEST_CASE("Text is split into characters, without invalid bytes") {
  CHECK(utf8_characters("").empty());
  CHECK(utf8_characters("a\xC3\xA9\xF0\x9F\x98\x80z") ==
        std::vector<std::string>{"a", "\xC3\xA9", "\xF0\x9F\x98\x80", "z"});
  CHECK(utf8_characters("\xFF"
                        "a\xC3"
                        "b\xED\xA0\x80\xE2\x82") ==
        std::vector<std::string>{"a", "b"});
}
