#include "gato/train/input/mixture_data.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "gato/base/error.h"
#include "gato/cli/terminal_progress.h"
#include "gato/commands/pack.h"
#include "gato/train/input/sequence_file_data.h"
#include "model/tiny_model.h"
#include "pack/generated_token_files.h"
#include "train/same_rows.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;
using Catch::Contains;

namespace {

// A token file of episodes with images and labels, one of image-text pairs, a
// mixture of both, and the sequence file that gato-pack makes from the mixture.
struct MixtureFixture : TrainingFixture {
  std::string mixture;
  std::string packed = folder / "packed.h5";

  MixtureFixture() {
    TokenFileSpec control;
    control.has_labels = true;
    control.documents = 9;
    write_generated_tokens(folder / "control.h5", control, 1);
    TokenFileSpec pairs;
    pairs.has_episodes = false;
    pairs.task = "pairs";
    pairs.documents = 20;
    write_generated_tokens(folder / "pairs.h5", pairs, 2);
    mixture = folder.write_file(
        "mixture.toml", "[[mixture]]\nfile = '" + folder / "control.h5" +
                            "'\nweight = 2\nprompt-fraction = 0.5\n" +
                            "[[mixture]]\nfile = '" + folder / "pairs.h5" +
                            "'\ndocuments-per-sequence = 2\n");
    config_path = folder.write_file("small.toml", tiny_config_toml(32) + R"(
batch-size = 6
micro-batch = 3
warmup-steps = 2
decay-steps = 100
dropout = 0.1
blank-actions = 0.3
precision = "fp32"
log-every = 1
threads = 1
)");
    pack(packed, {});
  }

  void pack(const std::string& output, base::Shard shard) const {
    cli::CommonOptions common;
    common.output = output;
    common.seed = 7;
    common.no_provenance = true;
    common.shard = shard;
    cli::TerminalProgress progress;
    cli::CommandContext context{
        common,
        {.seed = common.seed, .output = common.output, .has_provenance = false},
        progress};
    commands::PackOptions options;
    options.length = 32;
    options.sequences = 20;
    options.mixture = mixture;
    REQUIRE(gato::commands::run_pack(options, context) ==
            base::ExitStatus::success);
  }

  RunResult run_with(const std::string& run, std::vector<std::string> source,
                     std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"--config", config_path, "--no-provenance",
                                    "-o", run};
    all.insert(all.end(), source.begin(), source.end());
    all.insert(all.end(), more.begin(), more.end());
    return run_gato_train(all);
  }

  std::vector<std::string> mixture_options() const {
    return {"--mixture",   mixture, "--length",    "32",
            "--sequences", "20",    "--pack-seed", "7"};
  }
};

void check_same_weights(const std::string& one, const std::string& other) {
  for (const char* name : {"/latest/model.safetensors", "/latest/config.json",
                           "/latest/demonstrations.h5"}) {
    INFO(name);
    REQUIRE_FALSE(read_bytes(one + name).empty());
    CHECK(read_bytes(one + name) == read_bytes(other + name));
  }
}

}  // namespace

TEST_CASE("A mixture can be read from a pipe") {
  const MixtureFixture fixture;
  const std::string pipe = fixture.folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::thread writer(
      [&] { std::ofstream(pipe) << read_bytes(fixture.mixture); });
  std::vector<std::string> options = fixture.mixture_options();
  options[1] = pipe;
  options.insert(options.end(), {"--config", fixture.config_path, "--steps",
                                 "1", "-o", fixture.run_path("run")});
  const RunResult ran = run_gato_train(options);
  writer.join();
  INFO(ran.err);
  CHECK(ran.status == 0);
}

TEST_CASE("A run on a mixture is validated like one on sequence files") {
  const MixtureFixture fixture;
  const std::string held_out = fixture.folder / "held-out.h5";
  fixture.pack(held_out, {2, 2});
  const std::string from_mixture = fixture.run_path("mixture"),
                    from_file = fixture.run_path("file"),
                    plain = fixture.run_path("plain");
  const std::vector<std::string> validation = {
      "--steps",          "6", "--validation", held_out,
      "--validate-every", "2", "--keep-best",  "--resume",
      "--learning-rate",  "1", "--save-every", "3"};
  const RunResult unvalidated =
      fixture.run_with(plain, fixture.mixture_options(),
                       {"--steps", "6", "--learning-rate", "1"});
  REQUIRE(unvalidated.status == 0);
  REQUIRE(fixture.run_with(from_file, {"--data", fixture.packed}, validation)
              .status == 0);
  // In two parts.
  std::vector<std::string> first_part = validation;
  first_part[1] = "3";
  for (const auto& options : {first_part, validation}) {
    const RunResult ran =
        fixture.run_with(from_mixture, fixture.mixture_options(), options);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, !Contains("warning"));
  }
  check_same_weights(from_mixture, plain);
  check_same_weights(from_mixture, from_file);
  const auto validation_losses = [](const std::string& run) {
    std::vector<nlohmann::json> losses;
    std::ifstream metrics(run + "/metrics.jsonl");
    for (std::string line; std::getline(metrics, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.contains("validation")) {
        losses.push_back({json["step"], json["validation"]});
      }
    }
    return losses;
  };
  const auto losses = validation_losses(from_mixture);
  CHECK(losses.size() == 3);
  CHECK(losses == validation_losses(from_file));
  CHECK(read_bytes(from_mixture + "/best/model.safetensors") ==
        read_bytes(from_file + "/best/model.safetensors"));
  // Windows that a mixture does not have.
  std::vector<std::string> windows = fixture.mixture_options();
  windows.insert(windows.end(), {"--window-steps", "1"});
  const RunResult other = fixture.run_with(
      fixture.run_path("windows"), windows,
      {"--steps", "1", "--validation", held_out, "--validate-every", "1"});
  INFO(other.err);
  CHECK(other.status == 0);
  CHECK_THAT(other.err,
             Contains("held-out.h5: the sequences have windows of 0"));
}

TEST_CASE("The rows of a mixture are those of the packed file") {
  const MixtureFixture fixture;
  const SequenceFileData packed({fixture.packed});
  const MixtureData sampled(fixture.mixture, {32, 0, 7}, 20);
  check_same_rows(packed, sampled);
}

TEST_CASE("A mixture, its packed file and its shards train the same weights") {
  const MixtureFixture fixture;
  const std::string packed = fixture.run_path("packed"),
                    mixed = fixture.run_path("mixed"),
                    shards = fixture.run_path("shards");
  const std::vector<std::string> steps{"--steps", "4"};
  REQUIRE(fixture.run_with(packed, {"--data", fixture.packed}, steps).status ==
          0);
  const RunResult ran =
      fixture.run_with(mixed, fixture.mixture_options(), steps);
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  check_same_weights(packed, mixed);

  std::vector<std::string> files{"--data"};
  for (int64_t shard : {1, 2, 3}) {
    files.push_back(fixture.folder / ("shard" + std::to_string(shard)));
    fixture.pack(files.back(), {shard, 3});
  }
  REQUIRE(fixture.run_with(shards, files, steps).status == 0);
  check_same_weights(packed, shards);
}

TEST_CASE("A resumed run on a mixture ends as if it had not been interrupted") {
  const MixtureFixture fixture;
  const std::string uninterrupted = fixture.run_path("uninterrupted"),
                    resumed_run = fixture.run_path("resumed");
  REQUIRE(
      fixture
          .run_with(uninterrupted, fixture.mixture_options(), {"--steps", "5"})
          .status == 0);
  REQUIRE(
      fixture.run_with(resumed_run, fixture.mixture_options(), {"--steps", "2"})
          .status == 0);
  // The other options are read from the run.
  const RunResult resumed =
      fixture.run_with(resumed_run, {"--resume"}, {"--steps", "5"});
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  check_same_weights(uninterrupted, resumed_run);
  CHECK(read_bytes(uninterrupted + "/latest/state.json") ==
        read_bytes(resumed_run + "/latest/state.json"));
}

TEST_CASE("A run on a mixture cannot be resumed on different data") {
  const MixtureFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.run_with(run, fixture.mixture_options(), {"--steps", "1"})
              .status == 0);
  const std::vector<std::string> more{"--resume", "--steps", "2"};
  const RunResult both =
      fixture.run_with(run, {"--data", fixture.packed}, more);
  CHECK(both.status == 2);
  CHECK_THAT(both.err, Contains("--data and --mixture are mutually exclusive"));
  const RunResult seed = fixture.run_with(run, {"--pack-seed", "8"}, more);
  CHECK(seed.status == 2);
  CHECK_THAT(seed.err, Contains("pack-seed = 7, not 8"));
  // The same mixture file with a different weight.
  std::string text = read_bytes(fixture.mixture);
  fixture.folder.write_file(
      "mixture.toml", text.replace(text.find("weight = 2"), 10, "weight = 3"));
  const RunResult weight = fixture.run_with(run, {}, more);
  CHECK(weight.status == 3);
  CHECK_THAT(weight.err, Contains("different data"));

  // The same rows from a packed file also count as different data.
  const std::string packed = fixture.run_path("packed");
  REQUIRE(fixture.run_with(packed, {"--data", fixture.packed}, {"--steps", "1"})
              .status == 0);
  CHECK(MixtureData(fixture.mixture, {32, 0, 7}, 20).fingerprint() !=
        SequenceFileData({fixture.packed}).fingerprint());
}

TEST_CASE("Options of a mixture are refused without --mixture") {
  const MixtureFixture fixture;
  const std::string run = fixture.run_path("run");
  const RunResult neither = fixture.run_with(run, {});
  CHECK(neither.status == 2);
  CHECK_THAT(neither.err, Contains("--data") && Contains("--mixture"));
  for (const char* option : {"--length", "--sequences", "--pack-seed"}) {
    const RunResult ran =
        fixture.run_with(run, {"--data", fixture.packed}, {option, "32"});
    INFO(option);
    CHECK(ran.status == 2);
    CHECK_THAT(ran.err, Contains("requires --mixture"));
  }
  const RunResult missing =
      fixture.run_with(run, {"--mixture", fixture.folder / "none.toml"});
  CHECK(missing.status == 4);
  CHECK_FALSE(std::filesystem::exists(run));
}
