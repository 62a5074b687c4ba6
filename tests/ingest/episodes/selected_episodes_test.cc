#include "gato/ingest/episodes/selected_episodes.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "cli/run_in_process.h"
#include "gato/base/error.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

const fs::path kCartpole =
    fs::path(GATO_SOURCE_DIR) / "tests/samples/minari/cartpole";

// Returns a list of episodes of a dataset.
std::string list(const fs::path& dataset, const std::string& episodes) {
  return R"({"dataset": ")" + dataset.string() + R"(", "episodes": )" +
         episodes + "}";
}

}  // namespace

TEST_CASE("The listed episodes of a dataset are read in their order") {
  const ScratchDirectory folder;
  const auto all = open_episodes(kCartpole, {});
  REQUIRE(all->episode_count() == 2);
  const std::string path =
      folder.write_file("demonstrations.json", list(kCartpole, "[1, 0]"));
  CHECK(is_episode_list(path));
  const auto source = open_episodes(path, {.task = "other"});
  REQUIRE(source->episode_count() == 2);
  CHECK(source->spec().name == "other");
  CHECK(source->file() == all->file());
  for (const int64_t i : {0, 1}) {
    CHECK(source->episode_number(i) == 1 - i);
    CHECK(source->read_episode(i).id == 1 - i);
    CHECK(source->read_episode(i).rewards == all->read_episode(1 - i).rewards);
  }
  CHECK(open_episodes(folder.write_file("one.json", list(kCartpole, "[1]")), {})
            ->episode_count() == 1);
}

TEST_CASE("A dataset is found next to the list") {
  const ScratchDirectory folder;
  fs::create_directory_symlink(kCartpole, folder / "here");
  CHECK(open_episodes(folder.write_file("list.json", list("here", "[0]")), {})
            ->episode_count() == 1);
}

TEST_CASE("Lists that are wrong are rejected with their name") {
  const ScratchDirectory folder;
  const auto open = [&](const std::string& text) {
    open_episodes(folder.write_file("list.json", text), {});
  };
  CHECK_THROWS_WITH(open(list(kCartpole, "[0, 2]")),
                    Contains("list.json") && Contains("no episode 2"));
  CHECK_THROWS_WITH(open(list(kCartpole, "[0, 0]")),
                    Contains("list.json") && Contains("twice"));
  CHECK_THROWS_WITH(open(list(kCartpole, R"(["a"])")), Contains("list.json"));
  CHECK_THROWS_WITH(open(list(kCartpole, "3")),
                    Contains("list.json") && Contains("episodes"));
  CHECK_THROWS_WITH(open(R"({"episodes": [0]})"),
                    Contains("list.json") && Contains("dataset"));
  CHECK_THROWS_WITH(open("[]"), Contains("list.json"));
  CHECK_THROWS_AS(open(list("/none", "[0]")), base::Error);
}
