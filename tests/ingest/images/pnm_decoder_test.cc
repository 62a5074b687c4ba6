#include "gato/ingest/images/pnm_decoder.h"

#include <catch2/catch.hpp>
#include <string>

#include "gato/base/error.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

data::Image decoded(const std::string& file) {
  return decode_pnm(
      {reinterpret_cast<const uint8_t*>(file.data()), file.size()});
}

// Returns the first channel of every pixel.
std::vector<int> reds(const std::string& file) {
  std::vector<int> values;
  const data::Image image = decoded(file);
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    values.push_back(image.pixels[i]);
  }
  return values;
}

bool is_complete(const std::string& file) {
  return is_complete_pnm(
      {reinterpret_cast<const uint8_t*>(file.data()), file.size()});
}

}  // namespace

TEST_CASE("Numbers and words that begin like a PNM file are not one") {
  for (const std::string& bytes :
       {std::string("P"), std::string("P6"), std::string("P6 "),
        std::string("P6 go to the door"), std::string("P6\n2 1\n255\nabcde"),
        std::string("P4 9 2\nabc"), std::string("P5 2 1 256\nabc"),
        std::string("P5 2 1 255"), std::string("P5 2 1 70000\nabcd"),
        std::string("P5 2 1 255abcd"), std::string("P5 0 1 255\nabcd"),
        std::string("P5 99999999999 99999999999 255\nabcd"),
        std::string("P2 2 1 255 7").append(20, '\0'),
        "P6" + std::string(100, '\0')}) {
    CAPTURE(bytes);
    CHECK_FALSE(is_complete(bytes));
  }
}

TEST_CASE(
    "Every kind of PBM, PGM and PPM is decoded, and a truncated one is "
    "rejected") {
  const std::vector<std::pair<std::string, std::vector<int>>> cases{
      {"P1 3 2 101\n0 1#1\n1", {0, 255, 0, 255, 0, 0}},
      {"P2 2 1 255 7 88", {7, 88}},
      {"P2 # a comment 9\n2 1\n15\n0 15", {0, 255}},
      {"P3 1 2 255 7 8 9 10 11 12", {7, 10}},
      {"P4 9 2\n\xA0\x80\x0F\x7F",
       {0, 255, 0, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255, 0, 0, 0, 0,
        255}},
      {"P5 2 2 255\nabcd", {'a', 'b', 'c', 'd'}},
      {"P5 2 1 127\n\x7F@", {255, 129}},
      {"P5 2 1 65535 ab@d", {'a', '@'}},
      {"P5#c\n2 2 255#x\nabcd", {'a', 'b', 'c', 'd'}},
      {"P5\r# a comment\r2 1 255\rab", {'a', 'b'}},
      {"P6 1 2 255\nabcdef", {'a', 'd'}}};
  for (const auto& [complete, expected] : cases) {
    CAPTURE(complete);
    CHECK(is_complete(complete));
    CHECK(is_complete(complete + std::string(9, '\0')));
    CHECK(reds(complete) == expected);
    CHECK(reds(complete + "\nmore") == expected);
    // The last number of a plain file remains valid without its last digits.
    const size_t removed = complete[1] == '2' || complete[1] == '3' ? 3 : 1;
    CHECK_THROWS_WITH(decoded(complete.substr(0, complete.size() - removed)),
                      Contains("truncated"));
  }
  const data::Image colors = decoded("P6 1 1 255\nabc");
  CHECK(colors.pixels == std::vector<uint8_t>{'a', 'b', 'c'});
}

TEST_CASE("Pixels beyond the header's maximum value are rejected") {
  for (const std::string& file :
       {std::string("P2 1 1 15 16"), std::string("P2 1 1 15 -1"),
        std::string("P2 1 1 15 x"), std::string("P5 1 1 15 \x10"),
        std::string("P1 1 1 2")}) {
    CAPTURE(file);
    CHECK_THROWS_WITH(decoded(file), Contains("numbers from 0 to"));
  }
}

TEST_CASE("A corrupt header of a PBM, PGM or PPM is rejected") {
  for (const std::string& file :
       {std::string("P6 99999999999999999999 3 255\nxxx"),
        std::string("P6 # no end"), std::string("P5 1 1 0 x"),
        std::string("P5 1 1 65536 xx"), std::string("P5 1 1 x")}) {
    CAPTURE(file);
    CHECK_THROWS_WITH(decoded(file), Contains("header of the image"));
  }
  CHECK_THROWS_WITH(decoded("P6 0 5 255\n"), Contains("5 x 0 pixels"));
  CHECK_THROWS_WITH(decoded("P6 -3 5 255\n"), Contains("5 x -3 pixels"));
  CHECK_THROWS_WITH(decoded("P6 40000 40000 255\nxxx"),
                    Contains("40000 x 40000 pixels, more than 134217728"));
  // Rejected before memory is allocated for its pixels.
  CHECK_THROWS_WITH(decoded("P4 10000 10000\nxxx"), Contains("truncated"));
}
