#include "gato/ingest/archive.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

const std::string samples = GATO_SOURCE_DIR "/tests/samples/";

std::string all_of(const std::string& path) {
  ByteStream stream(path);
  std::string all;
  for (auto bytes = stream.read(); !bytes.empty(); bytes = stream.read()) {
    all += bytes;
  }
  return all;
}

base::ExitStatus status_of(const std::string& path) {
  try {
    all_of(path);
  } catch (const base::Error& error) {
    CHECK_THAT(error.what(), Contains(path));
    return error.status();
  }
  return base::ExitStatus::success;
}

}  // namespace

TEST_CASE(
    "Compressed files are decompressed, other files are read as they are") {
  const test::ScratchDirectory folder;
  const std::string text =
      "{\"text\": \"a red square\"}\n{\"text\": \"a blue circle\"}\n";
  CHECK(all_of(samples + "text/members.jsonl.gz") == text);
  CHECK(all_of(samples + "text/frames.jsonl.zst") == text);
  CHECK(all_of(folder.write_file("plain", text)) == text);
  CHECK(all_of(folder.write_file("empty", "")).empty());
  std::string large;
  for (int i = 0; i < 200000; ++i) large += std::to_string(i) + "\n";
  CHECK(all_of(folder.write_file("large.gz", large)) == large);
}

TEST_CASE("A truncated or altered compressed file is bad input") {
  const test::ScratchDirectory folder;
  for (const char* name : {"text/members.jsonl.gz", "text/frames.jsonl.zst"}) {
    const std::string complete = base::read_file(samples + name);
    CAPTURE(name);
    CHECK(status_of(folder.write_file(
              "truncated", complete.substr(0, complete.size() - 5))) ==
          base::ExitStatus::bad_input);
    // The end follows an error.
    ByteStream stream(folder / "truncated");
    try {
      while (!stream.read().empty()) {
      }
      FAIL("no error");
    } catch (const base::Error&) {
    }
    CHECK(stream.read().empty());
  }
}

TEST_CASE("A file that cannot be read is an I/O error") {
  const test::ScratchDirectory folder;
  CHECK(status_of(folder / "missing") == base::ExitStatus::io);
  CHECK(status_of(folder / "") == base::ExitStatus::io);
}

TEST_CASE("An input is recorded with the digest of all its bytes") {
  const std::string path = samples + "webdataset/good-0000.tar";
  TarReader tar(path);
  tar.next();
  data::Provenance provenance;
  tar.record_input(provenance);
  REQUIRE(provenance.inputs.size() == 1);
  CHECK(provenance.inputs[0]["path"] == path);
  CHECK(provenance.inputs[0]["size"] == base::read_file(path).size());
  CHECK(provenance.inputs[0]["digest"] == base::digest_file(path));
}

TEST_CASE("The members of concatenated archives are read in order") {
  const test::ScratchDirectory folder;
  const std::string one = base::read_file(samples + "webdataset/good-0000.tar");
  const std::string two = base::read_file(samples + "webdataset/good-0001.tar");
  TarReader tar(folder.write_file("both.tar", one + two));
  std::vector<std::string> names;
  while (auto name = tar.next()) names.push_back(*name);
  REQUIRE(names.size() == 10);
  CHECK(names.front() == "__index__");
  CHECK(names[7] == "caf\xC3\xA9.jpeg");
  CHECK(names.back() == "without-a-dot");
}

TEST_CASE("A file that is not a complete tar archive is bad input") {
  const test::ScratchDirectory folder;
  const auto read = [](const std::string& path) {
    TarReader tar(path);
    while (tar.next()) tar.read_content();
  };
  CHECK_THROWS_WITH(read(folder.write_file("a.tar", std::string(2000, 'x'))),
                    Contains("a.tar"));
  const std::string complete =
      base::read_file(samples + "webdataset/good-0000.tar");
  CHECK_THROWS_WITH(read(folder.write_file("b.tar", complete.substr(0, 1300))),
                    Contains("b.tar") && Contains("1300 bytes"));
  CHECK_THROWS_WITH(read(folder.write_file("empty.tar", "")),
                    Contains("empty.tar") && Contains("it is empty"));
  // gzip of an empty file.
  const char nothing[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0";
  CHECK_THROWS_WITH(read(folder.write_file("b.tar", std::string(nothing, 20))),
                    Contains("decompressed"));
}
