#include "gato/ingest/tar_reader.h"

#include <catch2/catch.hpp>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

const std::string samples = GATO_SOURCE_DIR "/tests/samples/";

}  // namespace

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
  while (auto name = tar.next()) {
    names.push_back(*name);
  }
  REQUIRE(names.size() == 10);
  CHECK(names.front() == "__index__");
  CHECK(names[7] == "caf\xC3\xA9.jpeg");
  CHECK(names.back() == "without-a-dot");
}

TEST_CASE("A file that is not a complete tar archive is bad input") {
  const test::ScratchDirectory folder;
  const auto read = [](const std::string& path) {
    TarReader tar(path);
    while (tar.next()) {
      tar.read_content();
    }
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

TEST_CASE("A sparse file has zeros in its holes") {
  // As GNU tar writes it: {offset, size} of each part in the header, which has
  // the size of the file at 483 and that of the parts at 124.
  std::string archive = test::tar_member("sparse", "leftright");
  archive.replace(156, 1, "S");
  archive.replace(257, 8, "ustar  \0", 8);
  const auto put = [&archive](size_t offset, size_t value) {
    archive.replace(offset, 11, fmt::format("{:011o}", value));
  };
  put(386, 512), put(398, 4);
  put(410, 2048), put(422, 5);
  put(483, 4096);
  archive.replace(148, 8, "        ");
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) {
    sum += static_cast<unsigned char>(archive[i]);
  }
  archive.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  const test::ScratchDirectory folder;
  TarReader tar(folder.write_file("a.tar", archive + std::string(1024, '\0')));
  REQUIRE(tar.next() == "sparse");
  std::string expected(4096, '\0');
  expected.replace(512, 4, "left");
  expected.replace(2048, 5, "right");
  CHECK(tar.read_content() == expected);
}
