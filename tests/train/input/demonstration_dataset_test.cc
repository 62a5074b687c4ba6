#include "gato/train/input/demonstration_dataset.h"

#include <set>
#include <vector>

#include "catch.h"
#include "data/sample_documents.h"
#include "gato/ingest/episodes/minari_writer.h"
#include "gato/pack/write_sequences.h"
#include "gato/tokenize/document_encoder.h"
#include "gato/train/input/sequence_file_data.h"
#include "train/same_rows.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;

namespace {

constexpr int64_t kSteps = 6, kHeight = 32, kWidth = 48;

data::Field make_field(const char* name, data::Role role, data::DType dtype) {
  data::Field field;
  field.name = name;
  field.role = role;
  field.dtype = dtype;
  return field;
}

// Writes episodes of an image of few patterns, two numbers and an action.
void write_dataset(const std::filesystem::path& path, int64_t count) {
  ingest::MinariDatasetInfo info;
  info.spec.name = "toy/look";
  info.spec.domain = "toy";
  data::Field image =
      make_field("image", data::Role::image, data::DType::uint8);
  image.shape = {kHeight, kWidth, 3};
  data::Field numbers =
      make_field("numbers", data::Role::continuous, data::DType::float32);
  numbers.shape = {2};
  data::Field action =
      make_field("action", data::Role::discrete, data::DType::int64);
  action.n = {3};
  action.start = {0};
  info.spec.observation_fields = {image, numbers};
  info.spec.action_fields = {action};
  info.source = "expert";
  ingest::MinariWriter writer(path, /*force=*/true, info);
  for (int64_t i = 0; i < count; ++i) {
    data::Episode episode;
    episode.id = i;
    data::Array images = data::Array::zeros(data::DType::uint8,
                                            {kSteps + 1, kHeight, kWidth, 3});
    data::Array values =
        data::Array::zeros(data::DType::float32, {kSteps + 1, 2});
    data::Array actions = data::Array::zeros(data::DType::int64, {kSteps});
    const int64_t pixels = kHeight * kWidth * 3;
    for (int64_t t = 0; t < kSteps; ++t) {
      // The second patch of the first row is one of five colors.
      for (int64_t y = 0; y < 16; ++y) {
        for (int64_t x = 16; x < 32; ++x) {
          images.set_integer(t * pixels + (y * kWidth + x) * 3, (i + t) % 5);
        }
      }
      values.set(2 * t, static_cast<double>(i) / 10);
      values.set(2 * t + 1, static_cast<double>(t) / 10);
      actions.set_integer(t, (i + t) % 3);
    }
    episode.observations = {images, values};
    episode.actions = {actions};
    episode.rewards.assign(kSteps, static_cast<double>(i));
    episode.terminations.assign(kSteps, 0);
    episode.truncations.assign(kSteps, 0);
    episode.truncations.back() = 1;
    writer.append(episode);
  }
  writer.commit({});
}

model::ModelConfig small_config(int64_t window_steps) {
  model::ModelConfig config;
  config.vocabulary = small_vocabulary();
  config.context = 40;
  config.window_steps = window_steps;
  return config;
}

// Encodes episodes, packs their token file and returns the sequence file.
std::filesystem::path pack_in_files(const std::filesystem::path& dataset,
                                    const std::vector<int64_t>& episodes,
                                    const model::ModelConfig& config,
                                    uint64_t seed,
                                    const std::filesystem::path& folder) {
  const auto source = ingest::open_episodes(dataset, {});
  const auto codec = tokenize::TaskCodec::for_dataset(
      source->spec(), config.vocabulary, config.tasks);
  const std::filesystem::path tokens = folder / "tokens.h5";
  data::TokenFileWriter writer(tokens, /*force=*/true, config.vocabulary);
  for (int64_t i : episodes) {
    writer.append(tokenize::encode_episode(source->read_episode(i),
                                           codec.step_encoder()));
  }
  data::TaskEntry entry;
  entry.spec = source->spec();
  entry.episode_count = std::ssize(episodes);
  entry.step_count = kSteps * std::ssize(episodes);
  writer.commit({{entry}, {"expert"}}, small_provenance());
  pack::MixtureEntry input;
  input.files = {tokens};
  const pack::PackedDataset packing(
      {input}, {config.context, config.window_steps, seed}, /*sequences=*/0);
  const std::filesystem::path sequences = folder / "sequences.h5";
  pack::write_sequences(packing, {0, 1024}, {sequences, /*force=*/true},
                        small_provenance());
  return sequences;
}

}  // namespace

TEST_CASE("Sequences of demonstrations in memory are those of a packed file") {
  const TestDirectory folder;
  write_dataset(folder / "dataset", 6);
  const model::ModelConfig config = small_config(GENERATE(0, 2));
  DemonstrationDataset dataset(folder / "dataset", config);
  REQUIRE(dataset.validate().size() == 6);
  dataset.load({1, 2, 4, 5});
  const auto episodes =
      GENERATE(std::vector<int64_t>{4}, std::vector<int64_t>{4, 1, 5, 2});
  const auto in_memory = dataset.sample_sequences(episodes, /*seed=*/7);
  const SequenceFileData in_file({pack_in_files(
      folder / "dataset", episodes, config, /*seed=*/7, folder.path())});
  CHECK(in_memory->demonstrations().at(0).total_reward ==
        in_file.demonstrations().at(0).total_reward);
  check_same_rows(*in_memory, in_file);
  // Runs on one can be resumed on the other.
  CHECK(in_memory->fingerprint() == in_file.fingerprint());
}

TEST_CASE("The provenance of demonstrations in memory is their dataset") {
  const TestDirectory folder;
  write_dataset(folder / "dataset", 2);
  const model::ModelConfig config = small_config(/*window_steps=*/0);
  DemonstrationDataset dataset(folder / "dataset", config);
  REQUIRE(dataset.validate().size() == 2);
  dataset.load({0});
  data::Provenance provenance = small_provenance();
  dataset.sample_sequences({0}, 1)->record_inputs(provenance);
  REQUIRE(provenance.inputs.size() == 1);
  CHECK(provenance.inputs[0].at("path") ==
        (folder / "dataset" / "data" / "main_data.hdf5").string());
}
