#include "gato/ingest/text/tsv.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/run_in_process.h"
#include "gato/base/file_io.h"
#include "gato/ingest/text/image_url_index.h"
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

// The numbers of the images of the rows, without the folder of their shard; "-"
// if an image is missing.
std::vector<std::string> image_numbers(const std::vector<ImageTexts>& records) {
  std::vector<std::string> numbers;
  for (const ImageTexts& record : records) {
    const bool is_missing = record.image.kind == StoredImage::Kind::missing;
    numbers.push_back(
        is_missing ? "-" : std::filesystem::path(record.image.content).stem());
  }
  return numbers;
}

std::vector<std::string> captions_of(const std::vector<ImageTexts>& records) {
  std::vector<std::string> captions;
  for (const ImageTexts& record : records) {
    captions.push_back(record.texts.at(0).text);
  }
  return captions;
}

using Texts = std::vector<std::string>;

// A folder as img2dataset writes it.
struct Downloads {
  test::ScratchDirectory folder;

  TsvOptions options() const {
    TsvOptions options;
    options.image_root = folder / "images";
    return options;
  }
  void add(const std::string& key, const std::string& extension,
           const std::string& content) const {
    const std::string shard = folder / ("images/" + key.substr(0, 5));
    std::filesystem::create_directories(shard);
    base::write_file(shard + "/" + key + extension, content, false);
  }
  void add_image(const std::string& key, const std::string& url) const {
    add(key, ".jpg", "");
    add(key, ".json",
        nlohmann::json{{"url", url}, {"key", key}, {"width", nullptr}}.dump());
  }
};

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
  for (int i = 0; i < 12346; ++i) {
    content += "a\thttp://e.org\n";
  }
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

// The numbers are those that pyarrow.csv.read_csv gives the rows.
TEST_CASE(
    "A quote that begins a cell hides the lines up to the next quote from "
    "img2dataset") {
  const test::ScratchDirectory folder;
  SECTION("The caption comes last") {
    const auto source =
        open_tsv_captions(folder.write_file("a.tsv",
                                            "http://x.org/0\ta cat\n"
                                            "http://x.org/1\t\"two birds\n"
                                            "http://x.org/2\ta \\\"fox\n"
                                            "http://x.org/3\tlate\n"
                                            "http://x.org/4\ta \"pond\n"),
                          {});
    const auto [records, errors] = read_all_records(*source);
    CHECK(errors.empty());
    CHECK(captions_of(records) ==
          Texts{"a cat", "\"two birds", "a \\\"fox", "late", "a \"pond"});
    CHECK(image_numbers(records) ==
          Texts{"000000000", "000000001", "-", "000000002", "000000003"});
    CHECK_THAT(records[2].texts[0].location, Contains("line 3 (byte"));
    CHECK_THROWS_WITH(records[2].image.decode(), Contains("quoted cell"));
  }
  SECTION("The caption comes first, and the last line has the URL") {
    const auto source =
        open_tsv_captions(folder.write_file("b.tsv",
                                            "\"two birds\thttp://x.org/0\r\n"
                                            "a cat\thttp://x.org/1\r\n"
                                            "in the \"park\thttp://x.org/2\r\n"
                                            "late\thttp://x.org/3\r\n"),
                          {});
    const auto [records, errors] = read_all_records(*source);
    CHECK(errors.empty());
    CHECK(captions_of(records) ==
          Texts{"\"two birds", "a cat", "in the \"park", "late"});
    CHECK(image_numbers(records) == Texts{"-", "-", "000000000", "000000001"});
  }
  SECTION("The quote is not closed") {
    const auto source = open_tsv_captions(
        folder.write_file("c.tsv",
                          "http://x.org/0\t\"open\nhttp://x.org/1\tb\n"),
        {});
    const auto [records, errors] = read_all_records(*source);
    CHECK(errors.empty());
    CHECK(captions_of(records) == Texts{"\"open", "b"});
    CHECK(image_numbers(records) == Texts{"000000000", "-"});
  }
}

TEST_CASE("Quoted cells are read as pandas writes them") {
  const test::ScratchDirectory folder;
  const std::string path =
      folder.write_file("a.tsv",
                        "url\tcaption\n"
                        "http://x.org/0\t\"a \"\"big\"\" dog\"\n"
                        "http://x.org/1\t\"two\n\nlines\"\n"
                        "http://x.org/2\t\"tab\there\"\n"
                        "http://x.org/3\t\"well\" said\n"
                        "http://x.org/4\tsaid \"well\"\n");
  const auto [records, errors] = read_all_records(*open_tsv_captions(path, {}));
  CHECK(errors.empty());
  CHECK(captions_of(records) == Texts{"a \"big\" dog", "two\n\nlines",
                                      "tab\there", "\"well\" said",
                                      "said \"well\""});
  CHECK(image_numbers(records) ==
        Texts{"000000000", "000000001", "000000002", "000000003", "000000004"});

  TsvOptions options;
  options.quoting = "csv";
  options.image_name_format = "{row}.jpg";
  const auto parsed = read_all_records(*open_tsv_captions(
      folder.write_file("b.tsv",
                        "http://x.org/0\t\"a\nhttp://x.org/1\tb\"\n"
                        "http://x.org/2\tc\n"),
      options));
  CHECK(captions_of(parsed.records) == Texts{"a\nhttp://x.org/1\tb", "c"});
  CHECK(image_numbers(parsed.records) == Texts{"0", "1"});
}

TEST_CASE("Images that are numbered by lines need --quoting none") {
  const test::ScratchDirectory folder;
  const std::string path =
      folder.write_file("a.tsv",
                        "http://x.org/0\ta\nhttp://x.org/1\t\"b\n"
                        "http://x.org/2\tc\"\nhttp://x.org/3\td\n");
  TsvOptions options;
  options.image_name_format = "{row}.jpg";
  const auto doubtful = read_all_records(*open_tsv_captions(path, options));
  CHECK(image_numbers(doubtful.records) == Texts{"0"});
  REQUIRE(doubtful.errors.size() == 3);
  CHECK_THAT(doubtful.errors[2], Contains("line 4") && Contains("line 2") &&
                                     Contains("--quoting") &&
                                     Contains("--image-column"));
  options.quoting = "none";
  const auto [records, errors] =
      read_all_records(*open_tsv_captions(path, options));
  CHECK(errors.empty());
  CHECK(captions_of(records) == Texts{"a", "\"b", "c\"", "d"});
  CHECK(image_numbers(records) == Texts{"0", "1", "2", "3"});
}

TEST_CASE("Rows whose numbers depend on the blocks of pyarrow are refused") {
  const test::ScratchDirectory folder;
  std::string content;
  while (content.size() < (1 << 20) - 100) {
    content += "http://x.org\ta\n";
  }
  const auto before = std::count(content.begin(), content.end(), '\n');
  content += "http://x.org\t\"b\n";
  for (int i = 0; i < 20; ++i) {
    content += "http://x.org\tc\n";
  }
  content += "http://x.org\td\"\nhttp://x.org\te\n";
  const auto [records, errors] = read_all_records(
      *open_tsv_captions(folder.write_file("a.tsv", content), {}));
  CHECK(std::ssize(records) == before);
  REQUIRE(errors.size() == 23);
  CHECK_THAT(errors.back(),
             Contains(fmt::format("a.tsv, line {} (byte", before + 1)) &&
                 Contains("blocks"));
  content = "http://x.org\t\"b\n";
  while (content.size() < (1 << 20) + 100) {
    content += "http://x.org\ta\n";
  }
  const auto open = read_all_records(
      *open_tsv_captions(folder.write_file("b.tsv", content), {}));
  CHECK(open.records.empty());
  CHECK(std::ssize(open.errors) ==
        std::count(content.begin(), content.end(), '\n'));
}

TEST_CASE("Lines that end with CR and other encodings are refused") {
  const test::ScratchDirectory folder;
  for (const auto& [text, reason] :
       {std::pair{"a cat\thttp://x.org/a\ra dog\thttp://x.org/b\r",
                  "carriage returns (CR)"},
        std::pair{"\xFF\xFE a cat\thttp://x.org/a\n", "UTF-16"}}) {
    const auto [records, errors] = read_all_records(
        *open_tsv_captions(folder.write_file("a.tsv", text), {}));
    CHECK(records.empty());
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], Contains("a.tsv: ") && Contains(reason));
  }
  const auto crlf = read_all_records(*open_tsv_captions(
      folder.write_file("b.tsv", "a cat\thttp://x.org/a\r\n"), {}));
  CHECK(captions_of(crlf.records) == Texts{"a cat"});
  const auto no_end = read_all_records(*open_tsv_captions(
      folder.write_file("c.tsv", "a cat\thttp://x.org/a\r"), {}));
  CHECK(captions_of(no_end.records) == Texts{"a cat"});
}

TEST_CASE("The URLs that img2dataset stored determine the images") {
  const Downloads downloads;
  downloads.add_image("000000001", "http://x.org/c");
  downloads.add_image("000000007", "http://x.org/a");
  downloads.add_image("000010000", "http://x.org/d");
  downloads.add_image("000010002", "http://x.org/d");
  downloads.add("000020000", ".jpg", "");
  downloads.add("000000002", ".json", "{\"url\": \"http://x.org/b\"}");
  const auto source = open_tsv_captions(
      downloads.folder.write_file("a.tsv",
                                  "http://x.org/a\ta\nhttp://x.org/b\tb\n"
                                  "http://x.org/c\tc\nhttp://x.org/d\td\n"),
      downloads.options());
  const auto [records, errors] = read_all_records(*source);
  CHECK(errors.empty());
  CHECK(image_numbers(records) ==
        Texts{"000000007", "-", "000000001", "000010000"});
  CHECK(records[1].image.is_missing());
  CHECK_THROWS_WITH(records[1].image.decode(), Contains("http://x.org/b"));
  CHECK(records[3].image.content.ends_with("images/00001/000010000.jpg"));
}

TEST_CASE(
    "The Parquet files of img2dataset are named unless .json replace them") {
  const Downloads downloads;
  downloads.add_image("000000000", "http://x.org/a");
  downloads.add("000010000", ".jpg", "");
  const std::string root = downloads.options().image_root;
  CHECK(ImageUrlIndex(root).unread_table().empty());
  for (const char* name : {"00000.parquet", "00001.parquet", "00002.parquet",
                           "notes.parquet", "00001_stats.json"}) {
    base::write_file(root + "/" + name, "PAR1", false);
  }
  CHECK(ImageUrlIndex(root).unread_table() == "00001.parquet");
  downloads.add("000010000", ".json",
                R"({"key": "000010000", "url": "http://x.org/b"})");
  CHECK(ImageUrlIndex(root).unread_table().empty());
}

TEST_CASE("Every file begins a new shard of the images that it shares") {
  const Downloads downloads;
  TsvOptions options = downloads.options();
  options.numbering = std::make_shared<ImageNumbering>();
  std::string content;
  for (int i = 0; i < 10001; ++i) {
    content += "http://x.org/a\ta\n";
  }
  const auto first = read_all_records(*open_tsv_captions(
      downloads.folder.write_file("a.tsv", content), options));
  CHECK(first.records.back().image.content.ends_with("/000010000.jpg"));
  const std::string path =
      downloads.folder.write_file("b.tsv", "http://x.org/b\tb\n");
  SECTION("Their numbers continue") {
    const auto [records, errors] =
        read_all_records(*open_tsv_captions(path, options));
    CHECK(image_numbers(records) == Texts{"000020000"});
  }
  SECTION("Without the files before it, its number is not known") {
    options.numbering->skip_file(options.image_root, "before.tsv");
    const auto [records, errors] =
        read_all_records(*open_tsv_captions(path, options));
    CHECK(records.empty());
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], Contains("before.tsv") && Contains(".json"));
  }
  SECTION("URLs are found in any file") {
    downloads.add_image("000000003", "http://x.org/b");
    const auto [records, errors] =
        read_all_records(*open_tsv_captions(path, downloads.options()));
    CHECK(image_numbers(records) == Texts{"000000003"});
  }
}

TEST_CASE("The order of several files must be proven or trusted") {
  const Downloads downloads;
  downloads.add("000000000", ".jpg", "");
  downloads.add("000010000", ".jpg", "");
  const auto a = downloads.folder.write_file("a.tsv", "http://x.org/a\tan a\n");
  const auto b = downloads.folder.write_file("b.tsv", "http://x.org/b\ta b\n");
  const auto read = [&](bool trusts_row_order,
                        const std::vector<std::string>& paths) {
    TsvOptions options = downloads.options();
    options.numbering = std::make_shared<ImageNumbering>(trusts_row_order);
    for (size_t i = 0; i < paths.size(); ++i) {
      options.numbering->announce_file(options.image_root);
    }
    test::RecordsAndErrors<ImageTexts> all;
    for (const std::string& path : paths) {
      auto some = read_all_records(*open_tsv_captions(path, options));
      std::ranges::move(some.records, std::back_inserter(all.records));
      std::ranges::move(some.errors, std::back_inserter(all.errors));
    }
    options.numbering->check_unproven_rows();
    return all;
  };
  const auto trusted = read(true, {a, b});
  CHECK(trusted.errors.empty());
  CHECK(image_numbers(trusted.records) == Texts{"000000000", "000010000"});
  const auto refused = read(false, {b, a});
  CHECK(refused.records.empty());
  REQUIRE(refused.errors.size() == 2);
  CHECK_THAT(refused.errors[0], Contains("b.tsv, line 1") &&
                                    Contains("order of the 2 files") &&
                                    Contains("--trust-row-order"));
  // The captions that img2dataset stored are proof.
  downloads.add("000000000", ".txt", "an a");
  downloads.add("000010000", ".txt", "a b");
  const auto proven = read(false, {a, b});
  CHECK(proven.errors.empty());
  CHECK(image_numbers(proven.records) == Texts{"000000000", "000010000"});
  CHECK(read(false, {b, a}).records.empty());
}

TEST_CASE("Images that belong to no row make the numbers of rows doubtful") {
  const Downloads downloads;
  downloads.add("000000000", ".jpg", "");
  downloads.add("000000001", ".jpg", "");
  const auto path = downloads.folder.write_file(
      "a.tsv", "http://x.org/a\ta\nhttp://x.org/b\tb\n");
  TsvOptions options = downloads.options();
  const auto check = [&](bool trusts_row_order) {
    options.numbering = std::make_shared<ImageNumbering>(trusts_row_order);
    options.numbering->announce_file(options.image_root);
    const auto all = read_all_records(*open_tsv_captions(path, options));
    CHECK(all.errors.empty());
    CHECK(all.records.size() == 2);
    options.numbering->check_unproven_rows();
  };
  check(false);
  SECTION("A row is missing, or the shards were larger") {
    downloads.add("000000002", ".jpg", "");
    CHECK_THROWS_WITH(check(false), Contains("a.tsv, line 1") &&
                                        Contains("000000002.jpg") &&
                                        Contains("--trust-row-order"));
  }
  SECTION("There were other files, or the shards were smaller") {
    downloads.add("000030000", ".jpg", "");
    CHECK_THROWS_WITH(check(false), Contains("00003 belongs to none"));
  }
  check(true);
  SECTION("Names without shards say nothing about their number") {
    options.image_name_format = "{row:05}.jpg";
    const std::filesystem::path root = options.image_root;
    for (const char* name : {"00000.jpg", "00001.jpg", "00002.jpg"}) {
      base::write_file(root / name, "", false);
    }
    check(false);
  }
}

TEST_CASE("A row whose image was stored with another caption is refused") {
  const Downloads downloads;
  downloads.add("000000000", ".jpg", "");
  downloads.add("000000000", ".txt", "two\nhttp://x.org/1\tb");
  downloads.add("000000001", ".jpg", "");
  downloads.add("000000001", ".txt", "other");
  const auto [records, errors] = read_all_records(
      *open_tsv_captions(downloads.folder.write_file("a.tsv",
                                                     "http://x.org/0\t\"two\n"
                                                     "http://x.org/1\tb\"\n"
                                                     "http://x.org/2\tc\n"),
                         downloads.options()));
  CHECK(captions_of(records) == Texts{"\"two", "b\""});
  CHECK(image_numbers(records) == Texts{"000000000", "-"});
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Contains("line 3") && Contains("different caption"));
}

TEST_CASE("Captions without images are read whatever the numbers of the rows") {
  const test::ScratchDirectory folder;
  TsvOptions options;
  options.finds_images = false;
  options.image_name_format = "{row}.jpg";
  const auto [records, errors] = read_all_records(*open_tsv_captions(
      folder.write_file("a.tsv", "http://x/0\t\"a\nhttp://x/1\tb\"\n"),
      options));
  CHECK(errors.empty());
  CHECK(captions_of(records) == Texts{"\"a", "b\""});
}
