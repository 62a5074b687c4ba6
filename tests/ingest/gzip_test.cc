#include "gato/ingest/gzip.h"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/ingest/archive.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

std::string compressed(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8,
                       Z_DEFAULT_STRATEGY) == Z_OK);
  std::string result(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

// Reads a few bytes at a time, since results must not depend on block sizes.
std::string decompressed(const std::string& bytes, size_t at_a_time) {
  size_t position = 0;
  GzipReader reader([&]() -> std::span<const std::byte> {
    const std::string_view part =
        std::string_view(bytes).substr(position, at_a_time);
    position += part.size();
    return std::as_bytes(std::span(part.data(), part.size()));
  });
  std::string all;
  for (auto part = reader.read(); !part.empty(); part = reader.read()) {
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  return all;
}

std::string refusal_of(const std::string& bytes) {
  try {
    decompressed(bytes, bytes.size());
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    return error.what();
  }
  return "no refusal";
}

}  // namespace

TEST_CASE("Concatenated gzip members are read as one stream") {
  std::string large;
  for (int i = 0; i < 100000; ++i) large += std::to_string(i) + "\n";
  const std::string bytes =
      compressed("red\n") + compressed("") + compressed(large);
  for (size_t at_a_time : {size_t{1}, size_t{7}, size_t{1} << 20}) {
    CHECK(decompressed(bytes, at_a_time) == "red\n" + large);
  }
  CHECK(decompressed(compressed("red") + std::string(700, '\0'), 100) == "red");
}

TEST_CASE("Altered gzip is rejected, whichever byte is altered") {
  // The text is stored uncompressed, so that an altered byte is an altered
  // letter.
  const std::string complete = compressed("pick up the red ball");
  for (size_t i = 0; i < complete.size(); ++i) {
    if (i >= 3 && i < 10)
      continue;  // text flag, time, level, operating system: not verified
    std::string altered = complete;
    altered[i] ^= 1;
    INFO("byte " << i);
    CHECK(refusal_of(altered) != "no refusal");
  }
  CHECK_THAT(refusal_of(complete.substr(0, complete.size() - 1)),
             Contains("truncated"));
  CHECK_THAT(refusal_of(complete + "junk"),
             Contains("after a complete member"));
  CHECK_THAT(refusal_of(complete + complete.substr(0, 6)),
             Contains("truncated"));
}

TEST_CASE("Text and archive readers name the corrupt gzip file") {
  const test::ScratchDirectory folder;
  std::string bytes = compressed("pick up the red ball");
  bytes[bytes.size() - 8] ^= 1;  // in the checksum
  const std::string path = folder.write_file("a.txt.gz", bytes);
  ByteStream stream(path);
  try {
    stream.read();
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    CHECK_THAT(error.what(), Contains(path) && Contains("data check"));
  }
}
