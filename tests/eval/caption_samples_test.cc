#include "gato/eval/caption_samples.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

const std::string kPngSignature = "\x89PNG\r\n\x1A\n";

TEST_CASE("A caption is right if it equals one of the references") {
  const TestDirectory folder;
  base::write_file(folder / "1.png", kPngSignature, false);
  base::write_file(folder / "2.png", kPngSignature + "x", false);
  base::write_file(folder / "captions.jsonl",
                   "{\"image\": \"1.png\", \"caption\": \"a <red> circle\"}\n"
                   "{\"image\": \"2.png\", \"caption\": \"a square\"}\n",
                   false);
  base::write_file(folder / "coco.json",
                   R"({"images": [{"id": 7, "file_name": "pictures/1.png"},
                            {"id": 8, "file_name": "2.png"}],
                 "annotations": [{"image_id": 7, "caption": "a ring"},
                                 {"image_id": 7, "caption": "a <red> circle"},
                                 {"image_id": 8, "caption": "a cross"}]})",
                   false);
  const auto samples =
      read_caption_samples(folder / "captions.jsonl", folder / "coco.json");
  REQUIRE(samples.size() == 2);
  REQUIRE(count_exact_matches(samples).exact_matches == 1);
  REQUIRE(count_exact_matches(samples).with_references == 2);
  const HtmlSection section = caption_section(samples, 10);
  REQUIRE(section.html.find("1 of 2 captions (50.0%) match") !=
          std::string::npos);
  REQUIRE(section.html.find("a &lt;red&gt; circle") != std::string::npos);
  REQUIRE(section.html.find("data:image/png;base64,iVBORw0KGgo=\"") !=
          std::string::npos);
  REQUIRE(section.html.find("data:image/png;base64,iVBORw0KGgp4\"") !=
          std::string::npos);
  REQUIRE(section.html.find("All 2 images") != std::string::npos);
  REQUIRE(section.html.find("match no reference, 1 of those shown") !=
          std::string::npos);
  REQUIRE(section.html.find("<em>a square</em><br>a cross<") !=
          std::string::npos);

  const HtmlSection first = caption_section(samples, 1);
  REQUIRE(first.html.find("The first 1 of 2 images") != std::string::npos);
  REQUIRE(first.html.find("class=\"wrong\"") == std::string::npos);
  REQUIRE(first.html.find("a square") == std::string::npos);

  const auto unknown = read_caption_samples(folder / "captions.jsonl", "");
  REQUIRE(count_exact_matches(unknown).with_references == 0);
}
