#include "gato/ingest/text/webdataset.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "gato/base/file_io.h"
#include "ingest/compression.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::read_all_records;

namespace {

const std::string samples = GATO_SOURCE_DIR "/tests/samples/webdataset/";

// Returns a tar archive of files, each with its name as its content.
std::string make_tar(const std::vector<std::string>& names) {
  std::string tar;
  for (const std::string& name : names) {
    tar += test::tar_member(name, name);
  }
  return tar + std::string(1024, '\0');
}

// Returns what is read from an archive of these files: "LOCATION=CAPTION" of
// each sample, with "(no image)" if it has none.
std::vector<std::string> read_samples(const std::vector<std::string>& names) {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file("a.tar", make_tar(names));
  const auto [records, errors] = read_all_records(*open_webdataset(path, {}));
  std::vector<std::string> samples;
  const auto add = [&](const std::string& text) {
    samples.push_back(text.substr(path.size() + 2));
  };
  for (const ImageTexts& record : records) {
    add(record.texts[0].location + "=" + record.texts[0].text +
        (record.image.is_missing() ? "(no image)" : ""));
  }
  for (const std::string& error : errors) {
    add(error);
  }
  return samples;
}

}  // namespace

TEST_CASE("A member's key ends at the first dot after the last slash") {
  using Name = std::pair<std::string, std::string>;
  CHECK(split_member_name("a/b.c/d.e.jpg") == Name{"a/b.c/d", "e.jpg"});
  CHECK(split_member_name("0001.txt") == Name{"0001", "txt"});
  CHECK(split_member_name("./0001.txt") == Name{"./0001", "txt"});
  for (const char* name : {"README", "a.b/README", ".hidden", "__index__",
                           "__meta__/a.txt", "a/"}) {
    CAPTURE(name);
    CHECK_FALSE(split_member_name(name));
  }
  CHECK(split_member_name("__a__.txt"));
}

TEST_CASE("Samples are assembled from their members") {
  const auto first = open_webdataset(samples + "good-0000.tar", {});
  const auto one = read_all_records(*first);
  CHECK(one.errors.empty());
  REQUIRE(one.records.size() == 2);
  CHECK(one.records[0].texts[0].text == "a red square");
  CHECK(test::first_pixel_color(one.records[0].image) == "red");
  CHECK(one.records[1].texts[0].text == "a blue circle above a star");
  CHECK(test::first_pixel_color(one.records[1].image) == "blue");
  CHECK(one.records[1].texts[0].location ==
        samples + "good-0000.tar: sample part/b");
  CHECK(first->skipped() == ImageTextSource::Counts{{"other members", 1}});

  const auto two =
      read_all_records(*open_webdataset(samples + "good-0001.tar", {}));
  CHECK(two.errors.empty());
  REQUIRE(two.records.size() == 1);
  CHECK(two.records[0].texts[0].text == "a caf\xC3\xA9");
  CHECK(test::first_pixel_color(two.records[0].image) == "gray");
}

TEST_CASE("A bad sample is named, and the following samples are read") {
  const auto [records, errors] =
      read_all_records(*open_webdataset(samples + "bad.tar", {}));
  REQUIRE(records.size() == 4);
  CHECK(records[0].texts[0].text == "a star");
  CHECK(records[1].image.is_missing());
  CHECK_THROWS_WITH(records[1].image.decode(), Contains("has no image"));
  CHECK_THAT(records[1].texts[0].location, Contains("sample lonely"));
  CHECK_THROWS_WITH(records[2].image.decode(), Contains("truncated"));
  CHECK(records[3].texts[0].text == "a circle");
  REQUIRE(errors.size() == 3);
  CHECK_THAT(errors[0], Contains("sample silent") && Contains("no caption"));
  CHECK_THAT(errors[1], Contains("sample twice") && Contains("several images"));
  CHECK_THAT(errors[2], Contains("sample wrong") && Contains("'caption'"));
}

TEST_CASE("A truncated archive is one bad record, followed by the end") {
  const test::ScratchDirectory folder;
  const std::string content = base::read_file(samples + "good-0000.tar");
  const auto [records, errors] = read_all_records(*open_webdataset(
      folder.write_file("cut.tar", content.substr(0, 5200)), {}));
  CHECK(records.size() == 1);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Contains("cut.tar") && Contains("5200 bytes"));
}

TEST_CASE("A truncated compressed archive delivers its complete samples") {
  const test::ScratchDirectory folder;
  // Images that compress badly, so that every format has several blocks.
  constexpr int kSamples = 16;
  std::string archive;
  uint32_t random = 1;
  for (int sample = 0; sample < kSamples; ++sample) {
    std::string image(20000, '\0');
    for (char& byte : image) {
      random = random * 1664525 + 1013904223;
      byte = static_cast<char>(random >> 24);
    }
    const std::string key = std::to_string(sample);
    archive += test::tar_member(key + ".jpg", image) +
               test::tar_member(key + ".txt", "caption " + key);
  }
  archive += std::string(1024, '\0');
  for (const std::string format : test::kCompressionFormats) {
    const std::string complete = test::compress(format, archive);
    for (const size_t size : {complete.size() / 3, complete.size() / 2,
                              complete.size() - 3, complete.size()}) {
      INFO(format << ", " << size << " of " << complete.size() << " bytes");
      const auto [records, errors] = read_all_records(*open_webdataset(
          folder.write_file("a.tar", complete.substr(0, size)), {}));
      const auto expected =
          static_cast<size_t>(kSamples * static_cast<double>(size) /
                              static_cast<double>(complete.size()));
      // A block has up to 131072 bytes, which are up to seven samples.
      CHECK(records.size() + 8 >= expected);
      for (size_t i = 0; i < records.size(); ++i) {
        CHECK(records[i].texts[0].text == "caption " + std::to_string(i));
      }
      REQUIRE(errors.size() == (size < complete.size() ? 1 : 0));
      if (!errors.empty()) {
        CHECK_THAT(errors[0], Contains("a.tar: " + format + ": truncated"));
        CHECK((records.empty() ||
               errors[0].find("nothing can be read") != std::string::npos));
      } else {
        CHECK(records.size() == kSamples);
      }
    }
  }
}

TEST_CASE("A truncated archive delivers the samples that are complete") {
  const test::ScratchDirectory folder;
  const std::string image(700, 'x');
  const std::string archive =
      test::tar_member("1.jpg", image) + test::tar_member("1.txt", "one") +
      test::tar_member("2.jpg", image) + test::tar_member("2.txt", "two");
  // The offset at which the archive ends, the captions, and which samples the
  // error says to be lost.
  struct Case {
    size_t size;
    std::vector<std::string> captions;
    std::string lost;
  };
  const std::vector<Case> cases{
      {900, {}, "from sample 1 on"},       {1800, {}, "from sample 1 on"},
      {2060, {}, "from sample 1 on"},      {2800, {"one"}, "after sample 1"},
      {3200, {"one"}, "from sample 2 on"}, {4200, {"one"}, "from sample 2 on"},
      {4609, {"one"}, "from sample 2 on"},
  };
  for (const Case& expected : cases) {
    CAPTURE(expected.size);
    base::write_file(folder / "a.tar", archive.substr(0, expected.size), true);
    const auto [records, errors] =
        read_all_records(*open_webdataset(folder / "a.tar", {}));
    std::vector<std::string> captions;
    for (const auto& record : records) {
      captions.push_back(record.texts[0].text);
      CHECK(record.image.content == image);
    }
    CHECK(captions == expected.captions);
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], Contains(fmt::format("{} bytes", expected.size)) &&
                              Contains(expected.lost));
  }
}

TEST_CASE("Captions in JSON that only Python reads are read") {
  const test::ScratchDirectory folder;
  const std::string archive =
      test::tar_member("1.jpg", "x") +
      test::tar_member(
          "1.json", R"({"caption": "one", "similarity": NaN, "x": "\ud800"})") +
      test::tar_member("2.jpg", "x") +
      test::tar_member("2.json", R"({"caption": NaN})") +
      std::string(1024, '\0');
  const auto [records, errors] = read_all_records(
      *open_webdataset(folder.write_file("a.tar", archive), {}));
  REQUIRE(records.size() == 1);
  CHECK(records[0].texts[0].text == "one");
  REQUIRE(errors.size() == 1);
  CHECK_THAT(
      errors[0],
      Contains("sample 2: field json: key 'caption' is NaN, not a string"));
}

TEST_CASE("A dot in the name of a sample does not merge samples") {
  using Samples = std::vector<std::string>;
  CHECK(read_samples({"v1.0_1.jpg", "v1.0_1.json", "v1.0_1.txt", "v1.0_2.jpg",
                      "v1.0_2.txt", "v1.0_3.txt"}) ==
        Samples{"sample v1.0_1=v1.0_1.txt", "sample v1.0_2=v1.0_2.txt",
                "sample v1.0_3=v1.0_3.txt(no image)"});
  CHECK(read_samples({"a/v1.0_1.txt", "a/v1.0_2.jpg", "a/v1.0_2.txt"}) ==
        Samples{"sample a/v1.0_1=a/v1.0_1.txt(no image)",
                "sample a/v1.0_2=a/v1.0_2.txt"});
  CHECK(read_samples({"v1.0_1.txt", "v1.0_2.txt", "w.jpg", "w.txt"}) ==
        Samples{"sample v1.0_1=v1.0_1.txt(no image)",
                "sample v1.0_2=v1.0_2.txt(no image)", "sample w=w.txt"});
  CHECK(read_samples({"v1.0_1.jpg", "v1.0_1.txt", "v1.0_2.jpg"}) ==
        Samples{"sample v1.0_1=v1.0_1.txt",
                "sample v1.0_2: has no caption (field txt, caption or json)"});
}

TEST_CASE("Fields with dots that are not read do not divide a sample") {
  using Samples = std::vector<std::string>;
  CHECK(read_samples({"a.cls", "a.depth.png", "a.jpg", "a.seg.png", "a.txt",
                      "b.jpg", "b.txt"}) ==
        Samples{"sample a=a.txt", "sample b=b.txt"});
  CHECK(read_samples({"a.left.jpg", "a.right.jpg", "a.txt"}) ==
        Samples{"sample a=a.txt(no image)"});
}

TEST_CASE(
    "An archive that ends within a sample returns the samples before it") {
  const test::ScratchDirectory folder;
  const std::string tar = make_tar({"a.jpg", "a.txt", "b.jpg", "b.txt"});
  const auto [records, errors] = read_all_records(*open_webdataset(
      folder.write_file("cut.tar", tar.substr(0, 5 * 512 + 2)), {}));
  REQUIRE(records.size() == 1);
  CHECK(records[0].texts[0].text == "a.txt");
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Contains("from sample b on"));
}
