// gato-info --check and --html, from the options to what is printed.
#include "gato/commands/info/info.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "commands/run_info.h"
#include "eval/check/episodes_in_memory.h"
#include "eval/page/html_checker.h"
#include "gato/base/file_io.h"
#include "gato/ingest/episodes/minari_writer.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using Catch::Contains;
using nlohmann::json;

namespace {

std::string write_dataset(const ScratchDirectory& folder,
                          const std::string& name, EpisodesInMemory source) {
  ingest::MinariWriter writer(folder / name, false, {source.task, "expert"});
  for (const data::Episode& episode : source.episodes) {
    writer.append(episode);
  }
  writer.commit({});
  return folder / name;
}

EpisodesInMemory dataset_with_nan() {
  EpisodesInMemory source = sound_dataset();
  array_of(source.episodes[2].observations[0])
      .set(4, std::numeric_limits<double>::quiet_NaN());
  return source;
}

}  // namespace

TEST_CASE("The status of a check is that of the worst finding") {
  const ScratchDirectory folder;
  const std::string sound = write_dataset(folder, "sound", sound_dataset());
  EpisodesInMemory single = sound_dataset();
  single.episodes.resize(1);
  const std::string warning = write_dataset(folder, "warning", single);
  const std::string error = write_dataset(folder, "error", dataset_with_nan());
  CHECK(run_info({"--check", sound}).status == 0);
  CHECK(run_info({"--check", "--fail-on", "warning", sound}).status == 0);
  CHECK(run_info({"--check", warning}).status == 0);
  CHECK(run_info({"--check", "--fail-on", "warning", warning}).status == 1);
  CHECK(run_info({"--check", sound, error, warning}).status == 1);
  const std::string text = folder.write_file("text", "no dataset");
  CHECK(run_info({"--check", error, text}).status == 3);
  CHECK(run_info({"--check", error, folder / "absent"}).status == 4);
}

TEST_CASE("A check as JSON lists the findings of every file") {
  const ScratchDirectory folder;
  const std::string error = write_dataset(folder, "error", dataset_with_nan());
  const std::string absent = folder / "absent";
  const RunResult ran = run_info({"--check", "--json", error, absent});
  const json result = json::parse(ran.out);
  REQUIRE(result.size() == 1);
  const json& files = result.at("files");
  REQUIRE(files.size() == 2);
  CHECK(files[0].at("file") == error);
  CHECK(files[0].at("kind") == "minari");
  REQUIRE(files[0].at("findings").size() == 1);
  const json& finding = files[0]["findings"][0];
  CHECK(finding.size() == 5);
  CHECK(finding.at("severity") == "error");
  CHECK(finding.at("check") == "nan");
  CHECK(finding.at("key") == "observation");
  CHECK(finding.at("count") == 1);
  CHECK_THAT(finding.at("message").get<std::string>(),
             Contains("episode 2, step 1, element 1"));
  CHECK(files[1].at("kind").is_null());
  CHECK(files[1].at("findings").at(0).at("check") == "unreadable");
}

TEST_CASE("A page is written completely or not at all") {
  const ScratchDirectory folder;
  const std::string sound = write_dataset(folder, "sound", sound_dataset());
  const std::string page = folder / "page.html";
  REQUIRE(run_info({"--html", page, sound}).status == 0);
  const std::string html = base::read_file(page);
  CHECK(find_html_fault(html) == "");
  CHECK_THAT(html, Contains("finds no problems"));
  CHECK(run_info({"--html", page, sound}).status == 2);
  CHECK(run_info({"--html", page, "--force", sound}).status == 0);
  const std::string text = folder.write_file("text", "no dataset");
  CHECK(run_info({"--html", folder / "other.html", sound, text}).status == 3);
  CHECK(!std::filesystem::exists(folder / "other.html"));
  CHECK(run_info({"--html", folder / "other.html", "--text-model",
                  folder / "absent", sound})
            .status == 4);
  CHECK(!std::filesystem::exists(folder / "other.html"));
  // A finding is no reason against a page.
  const std::string error = write_dataset(folder, "error", dataset_with_nan());
  REQUIRE(run_info({"--html", folder / "other.html", error}).status == 0);
  CHECK_THAT(base::read_file(folder / "other.html"), Contains(">nan<"));
}
