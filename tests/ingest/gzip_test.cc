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

// Read a few bytes at a time: what a text is must not depend on that.
std::string decompressed(const std::string& bytes, size_t at_a_time) {
  size_t place = 0;
  GzipReader reader([&]() -> std::span<const std::byte> {
    const std::string_view part =
        std::string_view(bytes).substr(place, at_a_time);
    place += part.size();
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

TEST_CASE("members of gzip are read one after another") {
  std::string large;
  for (int i = 0; i < 100000; ++i) large += std::to_string(i) + "\n";
  const std::string bytes =
      compressed("red\n") + compressed("") + compressed(large);
  for (size_t at_a_time : {size_t{1}, size_t{7}, size_t{1} << 20}) {
    CHECK(decompressed(bytes, at_a_time) == "red\n" + large);
  }
  CHECK(decompressed(compressed("red") + std::string(700, '\0'), 100) == "red");
}

TEST_CASE("altered gzip is refused, whatever is altered") {
  // Stored, so that an altered byte is an altered letter.
  const std::string whole = compressed("pick up the red ball");
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i >= 3 && i < 10) continue;  // flag of text, time, level, system
    std::string altered = whole;
    altered[i] ^= 1;
    INFO("byte " << i);
    CHECK(refusal_of(altered) != "no refusal");
  }
  CHECK_THAT(refusal_of(whole.substr(0, whole.size() - 1)),
             Contains("cut short"));
  CHECK_THAT(refusal_of(whole + "junk"), Contains("after a whole member"));
  CHECK_THAT(refusal_of(whole + whole.substr(0, 6)), Contains("cut short"));
}

TEST_CASE("text and archives name the gzip that is damaged") {
  const test::ScratchDirectory folder;
  std::string bytes = compressed("pick up the red ball");
  bytes[bytes.size() - 8] ^= 1;  // of the checksum
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
