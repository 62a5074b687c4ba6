#include "gato/eval/dataset_outcomes.h"

#include <catch2/catch.hpp>
#include <limits>

#include "data/make_field.h"
#include "data/sample_documents.h"
#include "gato/ingest/episodes/minari_writer.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

namespace {

data::TaskSpec spec() {
  data::Field value = make_field("observation", data::Role::continuous,
                                 data::DType::float32, {1});
  value.low = {-1};
  value.high = {1};
  data::Field action = value;
  action.name = "action";
  data::TaskSpec spec;
  spec.name = "control/toy";
  spec.domain = "control";
  spec.observation_fields = {value};
  spec.action_fields = {action};
  return spec;
}

data::Episode episode(std::vector<double> rewards) {
  const auto steps = std::ssize(rewards);
  data::Episode episode;
  episode.observations = {
      data::Array::zeros(data::DType::float32, {steps + 1, 1})};
  episode.actions = {data::Array::zeros(data::DType::float32, {steps, 1})};
  episode.terminations.assign(rewards.size(), 0);
  episode.truncations.assign(rewards.size(), 0);
  if (!rewards.empty()) {
    episode.truncations.back() = 1;
  }
  episode.rewards = std::move(rewards);
  return episode;
}

void write(const std::filesystem::path& path,
           std::vector<data::Episode> episodes) {
  std::filesystem::create_directories(path.parent_path());
  ingest::MinariWriter writer(path, false, {spec(), "policy"});
  for (size_t i = 0; i < episodes.size(); ++i) {
    episodes[i].id = static_cast<int64_t>(i);
    writer.append(episodes[i]);
  }
  writer.commit(small_provenance());
}

}  // namespace

TEST_CASE("Returns, failures and successes are read from a dataset") {
  const TestDirectory folder;
  data::Episode broken = episode({5});
  broken.failed = true;
  broken.failure = "no reply within 60 s";
  broken.seed = 77;
  data::Episode good = episode({1, 2}), bad = episode({0.5, -1});
  good.success = true;
  bad.success = false;
  write(folder / "toy", {good, broken, bad});
  const DatasetOutcomes outcomes = read_dataset_outcomes(folder / "toy");
  REQUIRE(outcomes.task == "control/toy");
  REQUIRE(outcomes.domain == "control");
  REQUIRE(outcomes.agent == "policy");
  REQUIRE(outcomes.values(Metric::mean_return) == std::vector<double>{3, -0.5});
  REQUIRE(outcomes.values(Metric::success) == std::vector<double>{1, 0});
  REQUIRE(outcomes.failed_count() == 1);
  REQUIRE(outcomes.episode_count() == 3);
  REQUIRE(outcomes.success_report_count() == 2);
  REQUIRE(outcomes.success_count() == 1);
  REQUIRE(outcomes.episodes[1].failed);
  REQUIRE(*outcomes.episodes[1].seed == 77);
  REQUIRE(outcomes.episodes[1].failure == "no reply within 60 s");
  REQUIRE_FALSE(outcomes.episodes[0].seed);
  REQUIRE(outcomes.hdf5_file == folder / "toy" / "data" / "main_data.hdf5");
}

TEST_CASE("A reward that is NaN is bad input, and its episode is named") {
  const TestDirectory folder;
  write(folder / "toy",
        {episode({1}),
         episode({1, std::numeric_limits<double>::quiet_NaN(), 1})});
  const base::Error error =
      thrown_error([&] { read_dataset_outcomes(folder / "toy"); });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  const std::string message = error.what();
  REQUIRE(message.find("episode 1") != std::string::npos);
}

TEST_CASE("A D4RL dataset without timeouts needs max_episode_steps") {
  const std::string old =
      GATO_SOURCE_DIR "/tests/samples/d4rl/maze2d-umaze-v0.hdf5";
  REQUIRE(thrown_error([&] { read_dataset_outcomes(old); }).status() ==
          base::ExitStatus::bad_input);
  REQUIRE(read_dataset_outcomes(old, 4).episode_count() == 4);
}

TEST_CASE("Reference scores are read from the metadata of Minari datasets") {
  const TestDirectory folder;
  write(folder / "toy", {episode({1})});
  REQUIRE_FALSE(read_dataset_outcomes(folder / "toy").min_reference);
  const auto path = folder / "toy" / "data" / "metadata.json";
  nlohmann::json metadata = nlohmann::json::parse(base::read_file(path));
  metadata["ref_min_score"] = -1.5;
  metadata["ref_max_score"] = 20;
  metadata["num_episodes_average_score"] = 100;
  base::write_file(path, metadata.dump(), true);
  const DatasetOutcomes outcomes = read_dataset_outcomes(folder / "toy");
  REQUIRE(*outcomes.min_reference == -1.5);
  REQUIRE(*outcomes.max_reference == 20);
  REQUIRE(*outcomes.reference_episodes == 100);

  metadata["ref_max_score"] = "high";
  base::write_file(path, metadata.dump(), true);
  const base::Error error =
      thrown_error([&] { read_dataset_outcomes(folder / "toy"); });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE_THAT(error.what(),
               Catch::Contains("metadata.json: key 'ref_max_score'"));
}
