#include "gato/ingest/base64.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/error.h"

using namespace gato;
using namespace gato::ingest;

TEST_CASE("Base64 is decoded and encoded as in RFC 4648, section 10") {
  for (const auto& [bytes, text] :
       std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"f", "Zg=="},
           {"fo", "Zm8="},
           {"foo", "Zm9v"},
           {"foob", "Zm9vYg=="},
           {"fooba", "Zm9vYmE="},
           {"foobar", "Zm9vYmFy"},
           {std::string("\xFB\xFF\0", 3), "+/8A"}}) {
    CHECK(decode_base64(text) == bytes);
    CHECK(encode_base64(bytes) == text);
  }
}

TEST_CASE("Base64 may be split into lines or lack padding") {
  CHECK(decode_base64("Zm9v\r\nYmFy\n") == "foobar");
  CHECK(decode_base64("Zm9vYg") == "foob");
  CHECK(decode_base64("Zm9vYmE") == "fooba");
}

TEST_CASE("Malformed base64 is rejected") {
  for (const char* text : {"Zm9v!", "Z", "Zg=", "Zg===", "Zm9v=", "=", "Zg==Zg",
                           "Zm_v", "Zm9v Ym"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(decode_base64(text), base::Error);
  }
}
