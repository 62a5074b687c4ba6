#include "gato/ingest/episodes/dataset_search.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/data/recording_file.h"
#include "gato/ingest/episodes/episode_source.h"

using namespace gato;
using namespace gato::ingest;
namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

namespace {

struct Fixture {
  test::ScratchDirectory folder;

  void add_dataset(const std::string& name) {
    fs::create_directories(folder / (name + "/data"));
    folder.write_file(name + "/data/main_data.hdf5", "");
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A folder is replaced by the datasets in it") {
  add_dataset("b");
  add_dataset("a/deep");
  add_dataset(".hidden");
  folder.write_file("a/d4rl.hdf5", "");
  folder.write_file("a/notes.txt", "");
  CHECK(find_datasets(folder / "") ==
        Paths{folder / "a/d4rl.hdf5", folder / "a/deep", folder / "b"});
  CHECK(find_datasets(folder / "b") == Paths{folder / "b"});
  CHECK(find_datasets(folder / "none") == Paths{folder / "none"});
  fs::create_directories(folder / "empty");
  CHECK(find_datasets(folder / "empty") == Paths{folder / "empty"});
  CHECK(find_all_datasets({folder / "b", folder / "a"}) ==
        std::vector<std::string>{folder / "b", folder / "a/d4rl.hdf5",
                                 folder / "a/deep"});
}

TEST_CASE_METHOD(Fixture, "Links to folders are followed once") {
  add_dataset("elsewhere/x");
  fs::create_directories(folder / "links");
  fs::create_directory_symlink(folder / "links", folder / "links/cycle");
  fs::create_directory_symlink(folder / "elsewhere/x", folder / "links/one");
  fs::create_directory_symlink(folder / "elsewhere/x", folder / "links/two");
  fs::create_directory_symlink(folder / "gone", folder / "links/broken");
  CHECK(find_datasets(folder / "links") == Paths{folder / "links/one"});
}

TEST_CASE("An interrupted recording is named and is not a dataset") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file(
      "run.partial", data::recording_first_line({{"argv", {"gato-rollout"}}}));
  REQUIRE(data::is_recording(path));
  CHECK_FALSE(data::is_recording(folder.write_file("a.partial", "{}")));
  CHECK_FALSE(data::is_recording(folder / "none"));
  try {
    open_episodes(path, {});
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    CHECK_THAT(error.what(), Catch::Contains(path) &&
                                 Catch::Contains("interrupted") &&
                                 Catch::Contains("--resume"));
  }
}
