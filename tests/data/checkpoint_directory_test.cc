#include "gato/data/checkpoint_directory.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::data;
using gato::test::ScratchDirectory;

namespace {

// A directory with a file of three bytes and its manifest.
struct Fixture {
  ScratchDirectory folder;
  std::string file = folder.write_file("weights", "abc");
  std::string manifest = folder / "MANIFEST.json";

  Fixture() { write_manifest(folder / ""); }
  void verify() const { verify_manifest(folder / ""); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A directory is as its manifest says") {
  CHECK_NOTHROW(verify());
  // A newer version may record more.
  nlohmann::json content = nlohmann::json::parse(base::read_file(manifest));
  content["files"]["weights"]["mode"] = 420;
  base::write_file(manifest, content.dump(), /*force=*/true);
  CHECK_NOTHROW(verify());
}

TEST_CASE_METHOD(Fixture, "A file of another size or content is corrupt") {
  folder.write_file("weights", "abcd");
  CHECK_THROWS_WITH(verify(), file +
                                  ": the file is corrupt: 4 bytes instead "
                                  "of 3; use another checkpoint");
  folder.write_file("weights", "abd");
  CHECK_THROWS_WITH(verify(),
                    file +
                        ": the file is corrupt: its digest differs from the "
                        "one in MANIFEST.json; use another checkpoint");
}

TEST_CASE_METHOD(Fixture, "A file that is missing is named") {
  std::filesystem::remove(file);
  CHECK_THROWS_WITH(verify(),
                    Catch::StartsWith(file + ": the file is missing"));
}

TEST_CASE_METHOD(Fixture, "A manifest without the size of a file is refused") {
  nlohmann::json content = nlohmann::json::parse(base::read_file(manifest));
  content["files"]["weights"].erase("size");
  base::write_file(manifest, content.dump(), /*force=*/true);
  CHECK_THROWS_WITH(verify(), manifest + ": file 'weights': has no key 'size'");
}
