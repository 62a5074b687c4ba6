#include "gato/ingest/coco.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "gato/base/error.h"

using namespace gato;
using Catch::Matchers::Contains;

TEST_CASE("captions are grouped by image, in the order of the images") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("captions.json", R"({
    "info": {"year": 2017, "nested": {"id": 1}}, "licenses": [{"id": 1}],
    "annotations": [
      {"id": 30, "image_id": 7, "caption": "a cat"},
      {"id": 31, "image_id": 5, "caption": "a dog"},
      {"id": 32, "image_id": 7, "caption": "the cat", "extra": {"id": 3}}],
    "images": [{"id": 7, "file_name": "b.jpg", "height": 4},
               {"id": 5, "file_name": "a.jpg"},
               {"id": 6, "file_name": "c.jpg"}]})");
  const CocoCaptions coco = read_coco_captions(path);
  CHECK(coco.files == std::vector<std::string>{"b.jpg", "a.jpg", "c.jpg"});
  CHECK(coco.without_caption == 1);
  REQUIRE(coco.captions.size() == 3);
  CHECK(coco.captions[0].annotation == 30);
  CHECK(coco.captions[1].annotation == 32);
  CHECK(coco.captions[1].caption == "the cat");
  CHECK(coco.captions[2].annotation == 31);
  CHECK(coco.captions[2].image == 1);
  for (const auto& caption : coco.captions) CHECK(caption.problem.empty());
}

TEST_CASE("annotations without image or caption are bad records") {
  const test::TemporaryFolder folder;
  const CocoCaptions coco = read_coco_captions(folder.write("c.json", R"({
    "images": [{"id": 1, "file_name": "a.jpg"}],
    "annotations": [{"id": 1, "image_id": 9, "caption": "lost"},
                    {"id": 2, "image_id": 1},
                    {"id": 3, "image_id": 1, "caption": "good"}]})"));
  REQUIRE(coco.captions.size() == 3);
  CHECK(coco.captions[0].problem.empty());
  CHECK_THAT(coco.captions[1].problem, Contains("image_id 9"));
  CHECK_THAT(coco.captions[2].problem, Contains("caption"));
}

TEST_CASE("what are no COCO captions is refused") {
  const test::TemporaryFolder folder;
  const auto read = [&folder](const char* content) {
    return read_coco_captions(folder.write("c.json", content));
  };
  CHECK_THROWS_WITH(read("{\"images\": []}"), Contains("annotations"));
  CHECK_THROWS_WITH(read("[1, 2]"), Contains("no JSON object"));
  CHECK_THROWS_WITH(read("{\"images\": [{\"id\""), Contains("c.json"));
  CHECK_THROWS_WITH(
      read(R"({"images": [{"id": "a", "file_name": "b"}], "annotations": []})"),
      Contains("c.json"));
}
