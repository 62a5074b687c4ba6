#include "gato/ingest/decompressor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "gato/base/error.h"
#include "ingest/compression.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::compress;

namespace {

struct Decompressed {
  std::string text;
  std::string error;  // empty if there was none
};

// Reads `at_a_time` bytes at a time, since results must not depend on the sizes
// of blocks.
Decompressed decompress(const std::string& bytes, size_t at_a_time) {
  const auto as_bytes = [](std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  };
  size_t position = 0;
  const auto decompressor = Decompressor::make(
      as_bytes(std::string_view(bytes).substr(0, Decompressor::kMagicBytes)),
      [&]() -> std::span<const std::byte> {
        const auto part = std::string_view(bytes).substr(position, at_a_time);
        position += part.size();
        return as_bytes(part);
      });
  REQUIRE(decompressor != nullptr);
  Decompressed result;
  try {
    for (auto part = decompressor->read(); !part.empty();
         part = decompressor->read()) {
      result.text.append(reinterpret_cast<const char*>(part.data()),
                         part.size());
    }
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    result.error = error.what();
  }
  return result;
}

// A text of several blocks in every format.
std::string numbers() {
  std::string text;
  for (int i = 0; i < 100000; ++i) {
    text += std::to_string(i * 7919) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("Concatenated members are read as one stream") {
  const std::string large = numbers();
  for (const std::string format : test::kCompressionFormats) {
    INFO(format);
    const std::string bytes = compress(format, "red\n") + compress(format, "") +
                              compress(format, large);
    for (const size_t at_a_time : {size_t{1}, size_t{7}, size_t{1} << 20}) {
      const Decompressed found = decompress(bytes, at_a_time);
      CHECK(found.text == "red\n" + large);
      CHECK(found.error.empty());
    }
    const Decompressed padded =
        decompress(compress(format, "red") + std::string(700, '\0'), 100);
    CHECK(padded.text == "red");
    CHECK(padded.error.empty());
    CHECK(decompress(compress(format, ""), 3).text.empty());
  }
}

TEST_CASE("Altered gzip is refused, whichever byte is altered") {
  // The text is stored uncompressed, so that an altered byte is an altered
  // letter.
  const std::string complete = compress("gzip", "pick up the red ball");
  for (size_t i = 2; i < complete.size(); ++i) {
    if (i >= 3 && i < 10) {
      continue;  // text flag, time, level, operating system: not verified
    }
    std::string altered = complete;
    altered[i] ^= 1;
    INFO("byte " << i);
    CHECK_FALSE(decompress(altered, altered.size()).error.empty());
  }
}

TEST_CASE("Altered data of every format are refused") {
  for (const std::string format : test::kCompressionFormats) {
    const std::string complete = compress(format, numbers());
    for (const size_t i : {complete.size() / 4, complete.size() / 2,
                           complete.size() - complete.size() / 8}) {
      std::string altered = complete;
      altered[i] ^= 16;
      INFO(format << ", byte " << i);
      CHECK_THAT(decompress(altered, 5000).error, Contains(format + ": "));
    }
    INFO(format);
    CHECK_THAT(decompress(complete + "junk and more junk", 5000).error,
               Contains("after a complete member"));
  }
}

TEST_CASE("A truncation is reported after what precedes it") {
  const std::string text = numbers();
  for (const std::string format : test::kCompressionFormats) {
    const std::string complete = compress(format, text);
    size_t last = 0;
    for (const double share : {0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999, 1.0}) {
      const size_t size = std::clamp<size_t>(
          static_cast<size_t>(share * static_cast<double>(complete.size())), 5,
          complete.size() - 1);
      INFO(format << ", " << size << " of " << complete.size() << " bytes");
      const std::string truncated = complete.substr(0, size);
      for (const size_t at_a_time : {size_t{4999}, size_t{1} << 20}) {
        const Decompressed found = decompress(truncated, at_a_time);
        CHECK_THAT(found.error, Contains(format + ": truncated"));
        CHECK(text.starts_with(found.text));
        CHECK(found.text.size() >= last);
        last = found.text.size();
      }
    }
    // Only the end of the checksum or of the index was missing.
    CHECK(last == text.size());
  }
}

TEST_CASE("Blocks before a truncation are delivered") {
  // As many as the programs of the formats deliver.
  const std::string text = numbers();
  for (const auto& [format, blocks] :
       {std::pair{"bzip2", 6 * 100000}, std::pair{"zstd", 3 * (1 << 17)}}) {
    const std::string complete = compress(format, text);
    const std::string found =
        decompress(complete.substr(0, complete.size() * 3 / 4), 4096).text;
    INFO(format << ", " << found.size() << " of " << text.size());
    CHECK(found.size() >= static_cast<size_t>(blocks));
  }
}

TEST_CASE("The beginning of another member is a truncation") {
  for (const std::string format : test::kCompressionFormats) {
    const std::string complete = compress(format, "pick up the red ball");
    for (size_t size = 1; size < complete.size(); ++size) {
      INFO(format << ", " << size << " bytes");
      const Decompressed found =
          decompress(complete + complete.substr(0, size), 64);
      CHECK_THAT(found.error, Contains("truncated"));
      CHECK(found.text.starts_with("pick up the red ball"));
    }
  }
}

TEST_CASE("Other bytes are not taken for a compressed file") {
  for (const std::string text :
       {"", "BZ", "BZh", "BZhello, world", "BZh9, a text", "(", "\x1F", "{}"}) {
    INFO(text);
    CHECK(Decompressor::make(std::as_bytes(std::span(text.data(), text.size())),
                             {}) == nullptr);
  }
}

TEST_CASE("A zstd file may begin with a skippable frame") {
  const std::string skippable("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);
  CHECK(decompress(skippable + compress("zstd", "red"), 2).text == "red");
}
