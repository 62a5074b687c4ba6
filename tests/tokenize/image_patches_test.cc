#include "gato/tokenize/image_patches.h"

#include <catch2/catch.hpp>

#include "gato/base/error.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;

TEST_CASE("Frames, padding and patches agree with the reference") {
  for (const auto& vector : test::load_reference("images")) {
    const auto shape = vector["shape"].get<std::vector<int64_t>>();
    CAPTURE(shape);
    const data::Image image =
        to_image(test::make_pattern(shape, vector["seed"]));
    CHECK(image.height == vector["height"].get<int>());
    CHECK(image.width == vector["width"].get<int>());

    data::TokenizedDocument document;
    document.tokens = {7};  // an image need not be first
    document.modality = {data::Modality::text};
    encode_image(image, document);
    REQUIRE(document.images.size() == 1);
    CHECK(document.images[0].first_token == 1);
    CHECK(document.images[0].rows == vector["rows"].get<int>());
    CHECK(document.images[0].columns == vector["columns"].get<int>());
    REQUIRE(document.patches.size() == vector["patches"].size());
    for (size_t i = 0; i < document.patches.size(); ++i) {
      CHECK(document.tokens[i + 1] ==
            data::patch_token(static_cast<int64_t>(i)));
      CHECK(document.modality[i + 1] == data::Modality::patch);
      CHECK(test::checksum(document.patches[i]) ==
            vector["patches"][i].get<uint32_t>());
    }
  }
}

TEST_CASE("Frames of an episode share equal patches") {
  // Two cameras, one of which needs padding. Little changes between the frames,
  // and one frame occurs again.
  const data::Image still = to_image(test::make_pattern({32, 48, 3}, 1));
  data::Image moved = still,
              padded = to_image(test::make_pattern({20, 40, 3}, 2));
  moved.pixels[3 * (17 * 48 + 20)] ^= 1;  // in patch 4
  data::Image padded_moved = padded;
  padded_moved.pixels.back() ^= 1;  // in patch 5
  data::TokenizedDocument document;
  PatchDeduplicator deduplicator;
  std::vector<data::TokenizedDocument> alone;
  for (const auto& [first, second] :
       {std::pair{still, padded}, std::pair{moved, padded},
        std::pair{still, padded_moved}, std::pair{moved, still}}) {
    deduplicator.begin_step();
    for (const data::Image& image : {first, second}) {
      encode_image(image, document, &deduplicator);
      encode_image(image, alone.emplace_back());
    }
  }
  size_t index = 0;
  for (const data::TokenizedDocument& image : alone) {
    for (const data::Patch& patch : image.patches) {
      const int32_t token = document.tokens.at(index++);
      CHECK(document.patches.at(data::patch_index(token)) == patch);
    }
  }
  CHECK(index == document.tokens.size());
  CHECK(document.patches.size() == 6 + 6 + 1 + 1);
}

TEST_CASE("Resizing averages the pixels of an area") {
  data::Image image{2, 4, {}};
  for (int i = 0; i < 8; ++i) {
    image.pixels.insert(image.pixels.end(), 3, static_cast<uint8_t>(10 * i));
  }
  const data::Image half = resize_by_area(image, {1, 2});
  CHECK(half.height == 1);
  CHECK(half.width == 2);
  CHECK(half.pixels == std::vector<uint8_t>{25, 25, 25, 45, 45, 45});
  CHECK(resize_by_area(image, {}).pixels == image.pixels);
}

TEST_CASE("Arrays that are not images are errors") {
  CHECK_THROWS_AS(
      to_image(data::Array::zeros(data::DType::float32, {16, 16, 3})),
      base::Error);
  CHECK_THROWS_AS(to_image(data::Array::zeros(data::DType::uint8, {16})),
                  base::Error);
  CHECK_THROWS_AS(
      to_image(data::Array::zeros(data::DType::uint8, {2, 2, 16, 16, 3})),
      base::Error);
  CHECK_THROWS_AS(to_image(data::Array::zeros(data::DType::uint8, {0, 16, 3})),
                  base::Error);
  data::TokenizedDocument document;
  CHECK_THROWS_AS(encode_image(data::Image{}, document), base::Error);
}
