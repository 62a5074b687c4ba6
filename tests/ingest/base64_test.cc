#include "gato/ingest/base64.h"

#include <catch2/catch.hpp>

#include "gato/base/error.h"

using namespace gato;
using namespace gato::ingest;

TEST_CASE("base64 as RFC 4648, section 10, has it") {
  CHECK(decode_base64("").empty());
  CHECK(decode_base64("Zg==") == "f");
  CHECK(decode_base64("Zm8=") == "fo");
  CHECK(decode_base64("Zm9v") == "foo");
  CHECK(decode_base64("Zm9vYg==") == "foob");
  CHECK(decode_base64("Zm9vYmE=") == "fooba");
  CHECK(decode_base64("Zm9vYmFy") == "foobar");
  CHECK(decode_base64("+/8A") == std::string("\xFB\xFF\0", 3));
}

TEST_CASE("base64 in lines, or without padding") {
  CHECK(decode_base64("Zm9v\r\nYmFy\n") == "foobar");
  CHECK(decode_base64("Zm9vYg") == "foob");
  CHECK(decode_base64("Zm9vYmE") == "fooba");
}

TEST_CASE("what is no base64 is refused") {
  for (const char* text : {"Zm9v!", "Z", "Zg=", "Zg===", "Zm9v=", "=", "Zg==Zg",
                           "Zm_v", "Zm9v Ym"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(decode_base64(text), base::Error);
  }
}
