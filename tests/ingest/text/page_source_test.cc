#include "gato/ingest/text/page_source.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::read_all_records;

namespace {

const std::string samples = GATO_SOURCE_DIR "/tests/samples/interleaved/";

std::vector<std::string> items_of(const Page& page) {
  std::vector<std::string> items;
  for (const auto& item : page.items) {
    if (std::holds_alternative<data::EndOfText>(item)) {
      items.emplace_back("<end>");
      continue;
    }
    const auto* text = std::get_if<std::string>(&item);
    items.push_back(
        text
            ? *text
            : "<" + test::first_pixel_color(std::get<StoredImage>(item)) + ">");
  }
  return items;
}

using Items = std::vector<std::string>;

Page page_of_text(const std::string& json) {
  return parse_page({json, "pages.jsonl, line 3 (byte 7)", 7,
                     std::make_shared<PageSourceOptions>()});
}

}  // namespace

TEST_CASE("The format of a page is detected from its keys") {
  const auto gato = read_all_records(*open_pages(samples + "gato.jsonl", {}));
  REQUIRE(gato.records.size() == 2);
  CHECK(items_of(parse_page(gato.records[0])) ==
        Items{"a star", "<red>", "a red square", "<blue>", "a blue circle"});
  CHECK(items_of(parse_page(gato.records[1])) == Items{"<red>"});
  CHECK_THAT(parse_page(gato.records[1]).location,
             Contains("gato.jsonl, line 2"));

  for (const char* name : {"mmc4.jsonl", "mmc4.tar"}) {
    const auto mmc4 = read_all_records(*open_pages(samples + name, {}));
    REQUIRE(mmc4.records.size() == 1);
    CHECK(items_of(parse_page(mmc4.records[0])) ==
          Items{"<blue>", "a star above", "<red>", "a red square a circle"});
  }

  const auto obelics =
      read_all_records(*open_pages(samples + "obelics.jsonl", {}));
  REQUIRE(obelics.records.size() == 1);
  CHECK(items_of(parse_page(obelics.records[0])) ==
        Items{"a star", "<red>", "a red square\n\na circle", "<blue>"});
}

TEST_CASE("An image may be a data URL or bare base64, but not a web address") {
  const Page page = page_of_text(
      R"({"images": ["data:image/png;base64,AAAA", "/9j/4AAQ", "/9j/a.jpg",
          "https://example.org/a.jpg"], "texts": [null, null, null, null]})");
  using Form = StoredImage::Kind;
  std::vector<Form> forms;
  for (const auto& item : page.items) {
    forms.push_back(std::get<StoredImage>(item).kind);
  }
  CHECK(forms ==
        std::vector{Form::base64, Form::base64, Form::file, Form::missing});
  const auto& missing = std::get<StoredImage>(page.items[3]);
  CHECK(missing.is_missing());
  CHECK_THROWS_WITH(missing.decode(), Contains("https://example.org/a.jpg"));
}

TEST_CASE("Blank texts are dropped") {
  CHECK(items_of(page_of_text(
            R"({"items": [{"text": " \n"}, {"text": "a"}]})")) == Items{"a"});
}

TEST_CASE("A malformed page is rejected with a reason and its location") {
  for (const auto& [json, message] :
       std::vector<std::pair<std::string, std::string>>{
           {"[1]", "not a JSON object"},
           {"{\"items\"", "not a JSON object"},
           {"{}", "text_list"},
           {R"({"items": 5})", "no list 'items'"},
           {R"({"items": [{"text": "a", "image": "b"}]})", "items[0]"},
           {R"({"items": [{"text": "a"}, {"picture": "b"}]})", "'picture'"},
           {R"({"items": [{"text": 7}]})", "items[0].text is 7, not a string"},
           {R"({"items": [{"text": ""}]})", "the page is empty"},
           {R"({"items": [{"image_base64": "data:image/png,x"}]})", "base64"},
           {R"({"text_list": ["a"]})", "no list 'image_info'"},
           {R"({"text_list": ["a"], "image_info": [{"image_name": "b",
                "matched_text_index": 1}]})",
            "matched_text_index 1 is not within 0 to 0"},
           {R"({"text_list": ["a"], "image_info": [{"image_name": "b"}]})",
            "'matched_text_index'"},
           {R"({"texts": ["a"], "images": []})", "0 images and 1 texts"},
           {R"({"texts": ["a", null], "images": [null, null]})",
            "images[1] and texts[1]: both are null"},
           {R"({"texts": ["a"], "images": ["b"]})", "neither is null"},
           {"{\"texts\": [\"\xFF\"]}", "byte 19 is not UTF-8"},
       }) {
    CAPTURE(json);
    CHECK_THROWS_WITH(page_of_text(json),
                      Contains(message) && Contains("line 3 (byte 7)"));
  }
}

TEST_CASE("The end-of-text marker of OBELICS is the end of a text") {
  const Page page = page_of_text(
      R"({"images": [null, "/9j/4AAQ", null, null], "texts": ["one\n END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED two", null, "three",
 "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED"]})");
  REQUIRE(page.items.size() == 6);
  CHECK(std::get<std::string>(page.items[0]) == "one\n ");
  CHECK(std::holds_alternative<data::EndOfText>(page.items[1]));
  CHECK(std::get<std::string>(page.items[2]) == " two");
  CHECK(std::get<std::string>(page.items[4]) == "three");
  CHECK(std::holds_alternative<data::EndOfText>(page.items[5]));
  CHECK_THROWS_WITH(page_of_text(
                        R"({"images": [null],
              "texts": ["END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED"]})"),
                    Contains("the page is empty"));
}

TEST_CASE("Pages may contain JSON that only Python reads") {
  const Page page = page_of_text(
      R"({"items": [{"text": "a \ud83d star"}], "score": NaN, "b": "\udc00",
          "c": [-Infinity, {"d": Infinity}]})");
  CHECK(items_of(page) == Items{"a \xEF\xBF\xBD star"});
  CHECK_THROWS_WITH(page_of_text(R"({"items": [{"text": NaN}]})"),
                    Contains("pages.jsonl, line 3") &&
                        Contains("items[0].text is NaN, not a string"));
  CHECK_THROWS_WITH(page_of_text(R"({"images": [NaN], "texts": ["a"]})"),
                    Contains("images[0] is NaN, not a string"));
  CHECK_THROWS_WITH(
      page_of_text(
          R"({"text_list": ["a"], "image_info": [{"image_name": "a.jpg",
              "matched_text_index": -Infinity}]})"),
      Contains("'matched_text_index' is -Infinity, not an integer"));
}

TEST_CASE("A truncated archive delivers the pages that are complete") {
  const test::ScratchDirectory folder;
  const std::string page = R"({"items": [{"text": "a"}]})";
  const std::string archive =
      test::tar_member("1.json", page) +
      test::tar_member("2.json", std::string(600, ' ') + page);
  const auto [records, errors] = read_all_records(
      *open_pages(folder.write_file("a.tar", archive.substr(0, 1600)), {}));
  CHECK(records.size() == 1);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Contains("1600 bytes") && Contains("from 2.json on"));
}

TEST_CASE("Other formats are named, and nothing else is read of them") {
  const test::ScratchDirectory folder;
  for (const auto& [bytes, name] :
       {std::pair{"PAR1\x15\x04\n\n\n", "a Parquet file"},
        std::pair{"PK\x03\x04\n\n\n", "a zip archive"},
        std::pair{"\xFF\xFE{\n\n\n", "UTF-16"}}) {
    const auto [records, errors] =
        read_all_records(*open_pages(folder.write_file("a.jsonl", bytes), {}));
    CHECK(records.empty());
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], Contains("a.jsonl") && Contains(name));
  }
}
