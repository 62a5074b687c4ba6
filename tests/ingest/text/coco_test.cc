#include "gato/ingest/text/coco.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "ingest/compression.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::read_all_records;

TEST_CASE("Captions are grouped by image, in the order of the images") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file("captions.json", R"({
    "info": {"year": 2017, "nested": {"id": 1}}, "licenses": [{"id": 1}],
    "annotations": [
      {"id": 30, "image_id": 7, "caption": "a cat"},
      {"id": 31, "image_id": 5, "caption": "a dog"},
      {"id": 32, "image_id": 7, "caption": "the cat", "extra": {"id": 3}}],
    "images": [{"id": 7, "file_name": "b.jpg", "height": 4},
               {"id": 5, "file_name": "a.jpg"},
               {"id": 6, "file_name": "c.jpg"}]})");
  const auto source = open_coco_captions(path, "root");
  const auto [records, errors] = read_all_records(*source);
  CHECK(errors.empty());
  REQUIRE(records.size() == 2);
  CHECK(records[0].image.content == "root/b.jpg");
  REQUIRE(records[0].texts.size() == 2);
  CHECK(records[0].texts[0].text == "a cat");
  CHECK(records[0].texts[1].text == "the cat");
  CHECK(records[0].texts[1].location == path + ": annotation 32");
  CHECK(records[1].image.content == "root/a.jpg");
  CHECK(records[1].texts[0].text == "a dog");
  CHECK(source->skipped() ==
        ImageTextSource::Counts{{"images without caption", 1}});
}

TEST_CASE("Incomplete records are bad and come last") {
  const test::ScratchDirectory folder;
  const auto source = open_coco_captions(folder.write_file("c.json", R"({
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2}],
    "annotations": [{"id": 1, "image_id": 9, "caption": "lost"},
                    {"id": 2, "image_id": 1},
                    {"caption": "whose?"},
                    {"id": 3, "image_id": 1, "caption": "good"}]})"),
                                         "");
  const auto [records, errors] = read_all_records(*source);
  REQUIRE(records.size() == 1);
  CHECK(records[0].texts[0].text == "good");
  REQUIRE(errors.size() == 4);
  CHECK_THAT(errors[0], Contains("image 2") && Contains("'file_name'"));
  CHECK_THAT(errors[1], Contains("annotation 2") && Contains("'caption'"));
  CHECK_THAT(errors[2], Contains("annotations[2]") && Contains("'image_id'"));
  CHECK_THAT(errors[3], Contains("annotation 1") && Contains("image_id 9"));
}

TEST_CASE(
    "A duplicate image id is a bad record, and the first image keeps the id") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file("c.json", R"({
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}],
    "annotations": [{"id": 3, "image_id": 1, "caption": "good"}]})");
  const auto [records, errors] =
      read_all_records(*open_coco_captions(path, ""));
  REQUIRE(records.size() == 1);
  CHECK(records[0].image.content == "a.jpg");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == path +
                         ": image 1: key 'id' is 1 again, for the "
                         "file_name 'b.jpg': it belongs to 'a.jpg'");
}

TEST_CASE("Files that are not COCO captions are rejected") {
  const test::ScratchDirectory folder;
  const auto read = [&folder](const char* content) {
    open_coco_captions(folder.write_file("c.json", content), "");
  };
  CHECK_THROWS_WITH(read("{\"images\": []}"), Contains("annotations"));
  CHECK_THROWS_WITH(read("[1, 2]"), Contains("not a JSON object"));
  CHECK_THROWS_WITH(read(std::string(1'000'000, '[').c_str()),
                    Contains("levels deep"));
  CHECK_THROWS_WITH(read("{\"images\": [{\"id\""), Contains("c.json"));
  CHECK_THROWS_WITH(read(R"({"images": [7], "annotations": []})"),
                    Contains("\"images\" contains 7"));
  CHECK_THROWS_WITH(read(R"({"images": {"a": {}}, "annotations": []})"),
                    Contains("no list \"images\""));
}

TEST_CASE("COCO captions may contain JSON that only Python reads") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file("c.json", R"({
    "info": {"contributor": "\ud800", "area": NaN},
    "images": [{"id": 1, "file_name": "a.jpg", "area": -Infinity},
               {"id": 2, "file_name": NaN}],
    "annotations": [
      {"id": 3, "image_id": 1, "caption": "a \"NaN\" \ud83d\ude00", "x": NaN},
      {"id": 4, "image_id": Infinity, "caption": "b"},
      {"id": NaN, "image_id": 1, "caption": "c"}]})");
  const auto [records, errors] =
      read_all_records(*open_coco_captions(path, ""));
  REQUIRE(records.size() == 1);
  REQUIRE(records[0].texts.size() == 1);
  CHECK(records[0].texts[0].text == "a \"NaN\" \xF0\x9F\x98\x80");
  REQUIRE(errors.size() == 3);
  CHECK(errors[0] == path + ": image 2: key 'file_name' is NaN, not a string");
  CHECK(errors[1] ==
        path + ": annotation 4: key 'image_id' is Infinity, not an integer");
  CHECK(errors[2] ==
        path + ": annotations[2]: key 'id' is NaN, not an integer");
}

TEST_CASE("COCO captions may be compressed") {
  const test::ScratchDirectory folder;
  const std::string json = R"({
    "images": [{"id": 1, "file_name": "a.jpg", "area": 1e400}],
    "annotations": [{"id": 3, "image_id": 1, "caption": "a cat"}]})";
  for (const std::string format : test::kCompressionFormats) {
    INFO(format);
    const std::string bytes = test::compress(format, json);
    const std::string path = folder.write_file("c.json.gz", bytes);
    CHECK(read_all_records(*open_coco_captions(path, "")).records.size() == 1);
    folder.write_file("c.json.gz", bytes.substr(0, bytes.size() - 3));
    CHECK_THROWS_WITH(open_coco_captions(path, ""),
                      Contains("c.json.gz") && Contains("truncated"));
  }
}

TEST_CASE("Files that look like COCO captions are refused with the reason") {
  const test::ScratchDirectory folder;
  const auto refusal = [&folder](const std::string& json) -> std::string {
    try {
      open_coco_captions(folder.write_file("c.json", json), "");
      return "no refusal";
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::bad_input);
      return error.what();
    }
  };
  using namespace std::string_literals;
  CHECK_THAT(refusal(""), Contains("it is empty"));
  CHECK_THAT(refusal("{\0\"\0i\0"s), Contains("iconv -f UTF-16LE"));
  CHECK_THAT(refusal(R"({"images": [], "annotations": [], "images": []})"),
             Contains("\"images\" twice"));
}
