#include "gato/ingest/byte_stream.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "ingest/compression.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::compress;

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
  for (int i = 0; i < 200000; ++i) {
    large += std::to_string(i) + "\n";
  }
  CHECK(all_of(folder.write_file("large.gz", large)) == large);
  for (const std::string format : test::kCompressionFormats) {
    INFO(format);
    CHECK(all_of(folder.write_file("any name", compress(format, text))) ==
          text);
  }
}

TEST_CASE("A file that was compressed several times is decompressed") {
  const test::ScratchDirectory folder;
  const std::string text = "a red square\n";
  const std::string twice = compress("gzip", compress("gzip", text));
  CHECK(all_of(folder.write_file("a.gz", twice)) == text);
  CHECK(all_of(folder.write_file("b.zst", compress("zstd", twice))) == text);
  const std::string path =
      folder.write_file("c.gz", compress("gzip", compress("xz", twice)));
  CHECK(status_of(path) == base::ExitStatus::bad_input);
  CHECK_THROWS_WITH(all_of(path), Contains("more than 3 times"));
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
  std::string altered = compress("gzip", "pick up the red ball");
  altered[altered.size() - 8] ^= 1;  // in the checksum
  const std::string path = folder.write_file("a.txt.gz", altered);
  CHECK(status_of(path) == base::ExitStatus::bad_input);
  CHECK_THROWS_WITH(all_of(path), Contains("data check"));
}

TEST_CASE("A file that cannot be read is an I/O error") {
  const test::ScratchDirectory folder;
  CHECK(status_of(folder / "missing") == base::ExitStatus::io);
  CHECK(status_of(folder / "") == base::ExitStatus::io);
}
