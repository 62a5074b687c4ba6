// Pointer files are called what they are, by whatever reader opens them.
#include "gato/base/pointer_file.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/safetensors_header.h"
#include "gato/ingest/byte_stream.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/ingest/json_lists.h"

using namespace gato;
using namespace gato::base;
using namespace gato::test;

namespace {

namespace fs = std::filesystem;

const std::string kLfsPointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e239"
    "3\nsize 12345\n";
const std::string kAnnexPointer =
    "/annex/objects/SHA256E-s12345--4d7a214614ab2935c943f9e0ff69d22eadbb.h5\n";

}  // namespace

TEST_CASE("Pointers of Git LFS and git-annex are recognized by their content") {
  REQUIRE(describe_pointer(kLfsPointer).find("git lfs pull") !=
          std::string::npos);
  REQUIRE(describe_pointer(kAnnexPointer).find("git annex get") !=
          std::string::npos);
  for (const std::string& other :
       {std::string(), std::string("version 1\n"), "About " + kLfsPointer,
        kLfsPointer + std::string(2000, 'x'),
        std::string("version https://git-lfs.github.com/spec/v1 is a format"),
        std::string("/annex/objects/ is a directory of git-annex\n")}) {
    REQUIRE(describe_pointer(other).empty());
  }
}

TEST_CASE("Every reader refuses a pointer file by its name") {
  const TestDirectory directory;
  const fs::path path = directory / "data";
  const auto require_refused = [&](const char* advice, auto read) {
    const Error error = thrown_error(read);
    INFO(error.what());
    REQUIRE(error.status() == ExitStatus::io);
    REQUIRE(std::string(error.what()).starts_with(path.string() + ": "));
    REQUIRE(std::string(error.what()).find(advice) != std::string::npos);
  };
  const auto require_all_refuse = [&](const char* advice) {
    require_refused(advice, [&] { read_file(path); });
    require_refused(advice, [&] { check_readable(path); });
    require_refused(advice, [&] { data::hdf5::open_file(path); });
    require_refused(advice, [&] { ingest::read_image(path); });
    require_refused(advice, [&] { ingest::read_json_lists(path, "JSON", {}); });
    require_refused(advice, [&] { const ingest::ByteStream stream(path); });
    require_refused(advice, [&] {
      std::ifstream file;
      data::read_safetensors_header(path, file);
    });
  };
  write_file(path, kLfsPointer, false);
  require_all_refuse("git lfs pull");
  write_file(path, kAnnexPointer, true);
  require_all_refuse("git annex get");
  fs::remove(path);
  fs::create_symlink(".git/annex/objects/W9/x3/SHA256E-s5--4d7a/SHA256E-s5--4d",
                     path);
  require_all_refuse("git annex get");
}
