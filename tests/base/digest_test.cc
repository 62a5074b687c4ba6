#include "gato/base/digest.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "gato/base/error.h"

using namespace gato;
using namespace gato::base;

// Reference values: xxhsum -H1 (XXH64).
TEST_CASE("Digests of bytes and of files are XXH64 in hexadecimal") {
  REQUIRE(digest_bytes("") == "ef46db3751d8e999");
  REQUIRE(digest_bytes("abc") == "44bc2cf5ad770999");
  const test::ScratchDirectory folder;
  // Longer than one chunk.
  const std::string text(3'000'001, 'x');
  REQUIRE(digest_file(folder.write_file("file", text)) == digest_bytes(text));
  REQUIRE(digest_file(folder.write_file("empty", "")) == digest_bytes(""));
}

TEST_CASE("The digest of an unreadable file is an io error") {
  const test::ScratchDirectory folder;
  for (const std::string& path : {folder / "none", folder / "."}) {
    try {
      digest_file(path);
      FAIL("no error");
    } catch (const Error& error) {
      REQUIRE(error.status() == ExitStatus::io);
      REQUIRE_THAT(error.what(), Catch::StartsWith(path));
    }
  }
}
