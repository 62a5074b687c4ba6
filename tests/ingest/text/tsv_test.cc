#include "gato/ingest/text/tsv.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::read_all_records;

namespace {

const std::string samples = GATO_SOURCE_DIR "/tests/samples/tsv/";

TsvOptions in_images() {
  TsvOptions options;
  options.image_root = samples + "images";
  return options;
}

}  // namespace

TEST_CASE(
    "Caption and URL come in either order, and images are numbered like "
    "img2dataset's") {
  for (const char* name : {"cc3m.tsv", "cc12m.tsv"}) {
    CAPTURE(name);
    const auto source = open_tsv_captions(samples + name, in_images());
    const auto [records, errors] = read_all_records(*source);
    CHECK(errors.empty());
    REQUIRE(records.size() == 3);
    CHECK(records[0].texts[0].text == "a red square");
    CHECK(records[2].texts[0].text == "a caf\xC3\xA9");
    CHECK_THAT(records[2].texts[0].location, Contains("line 3 (byte"));
    CHECK(test::first_pixel_color(records[0].image) == "red");
    CHECK(records[1].image.is_missing());
    CHECK(test::first_pixel_color(records[2].image) == "blue");
  }
}

TEST_CASE("The first line may name the columns") {
  const auto named = open_tsv_captions(samples + "named.tsv", in_images());
  const auto [records, errors] = read_all_records(*named);
  CHECK(errors.empty());
  REQUIRE(records.size() == 2);
  CHECK(records[0].texts[0].text == "a red square");
  CHECK(test::first_pixel_color(records[1].image) == "blue");

  const test::ScratchDirectory folder;
  const std::string path = folder.write_file(
      "b.tsv", "id\tcaption\turl\n7\ta star\thttp://e.org/1/star.png?x#y\n");
  TsvOptions options;
  options.image_name_format = "{row}-{name}";
  const auto source = open_tsv_captions(path, options);
  const auto first = source->next();
  CHECK(first->texts[0].text == "a star");
  CHECK(first->image.content == "0-star.png");
}

TEST_CASE("Columns can be given by number or name") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file(
      "c.tsv", "x/1.png\tNo. 1\ta star\r\nx/2.png\tNo. 2\tb\r\n");
  TsvOptions options;
  options.image_column = "1";
  options.caption_column = "3";
  const auto numbered = read_all_records(*open_tsv_captions(path, options));
  REQUIRE(numbered.records.size() == 2);
  CHECK(numbered.records[0].image.content == "x/1.png");
  CHECK(numbered.records[1].texts[0].text == "b");
  options.image_column = "X/1.png";
  options.caption_column = "A star";
  const auto named = read_all_records(*open_tsv_captions(path, options));
  REQUIRE(named.records.size() == 1);
  CHECK(named.records[0].image.content == "x/2.png");
  options.caption_column = "nothing";
  CHECK_THROWS_WITH(open_tsv_captions(path, options)->next(),
                    Contains("'nothing'") && Contains("--caption-column"));
}

TEST_CASE("Rows beyond the first shard are numbered like img2dataset's") {
  const test::ScratchDirectory folder;
  std::string content;
  for (int i = 0; i < 12346; ++i) content += "a\thttp://e.org\n";
  const auto source =
      open_tsv_captions(folder.write_file("d.tsv", content), {});
  const auto all = read_all_records(*source);
  CHECK(all.records.at(9999).image.content == "00000/000009999.jpg");
  CHECK(all.records.at(12345).image.content == "00001/000012345.jpg");
}

TEST_CASE("A bad row names its location, and the following rows are read") {
  const test::ScratchDirectory folder;
  const auto source = open_tsv_captions(
      folder.write_file("e.tsv",
                        "a\thttp://e.org\nb\n\nc \xFF\thttp://e.org\n"
                        "d\thttp://e.org"),
      {});
  const auto [records, errors] = read_all_records(*source);
  REQUIRE(records.size() == 2);
  CHECK(records[1].image.content == "00000/000000003.jpg");
  REQUIRE(errors.size() == 2);
  CHECK_THAT(errors[0], Contains("line 2 (byte 15): 1 columns"));
  CHECK_THAT(errors[1], Contains("line 4 (byte 18): byte 20 is not UTF-8"));
}

TEST_CASE("If columns cannot be detected, the message names the options") {
  const test::ScratchDirectory folder;
  const auto source =
      open_tsv_captions(folder.write_file("f.tsv", "a\tb\n"), {});
  try {
    source->next();
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::usage);
    CHECK_THAT(error.what(), Contains("--caption-column"));
  }
  CHECK_THROWS_WITH(check_tsv_image_name_format("{id}"),
                    Contains("--image-name"));
}
