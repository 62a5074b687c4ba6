#include "gato/tokenize/token_decoder.h"

#include <catch2/catch.hpp>

#include "data/make_field.h"
#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/checkpoint_directory.h"

using namespace gato;
using namespace gato::tokenize;
using namespace gato::test;

namespace {

// One task with an image, a state, and a discrete and a continuous action.
data::TaskTable make_task_table() {
  const data::Field image =
      make_field("camera", data::Role::image, data::DType::uint8, {20, 40, 3});
  const data::Field state =
      make_field("state", data::Role::continuous, data::DType::float64, {2});
  data::Field choice =
      make_field("choice", data::Role::discrete, data::DType::int64, {});
  choice.n = {5};
  choice.start = {-1};
  data::Field force =
      make_field("force", data::Role::continuous, data::DType::float64, {});
  force.low = {-2};
  force.high = {2};
  data::TaskEntry entry;
  entry.spec.name = "arm/reach";
  entry.spec.observation_fields = {image, state};
  entry.spec.action_fields = {choice, force};
  return {{entry}, {"expert"}};
}

data::Array make_array(std::vector<double> values, std::vector<int64_t> shape) {
  data::Array array =
      data::Array::zeros(data::DType::float64, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) {
    array.set(static_cast<int64_t>(i), values[i]);
  }
  return array;
}

data::TokenizedDocument make_two_steps() {
  const StepEncoder encoder(make_task_table().tasks[0].spec, small_vocabulary(),
                            nullptr);
  data::TokenizedDocument document;
  document.is_episode = true;
  document.step_offset = {0};
  data::Array choice = data::Array::zeros(data::DType::int64, {});
  choice.set_integer(0, 3);
  data::Array expert = choice;
  expert.set_integer(0, -1);
  for (int i = 0; i < 2; ++i) {
    encoder.encode_observation(
        {data::Array::zeros(data::DType::uint8, {20, 40, 3}),
         make_array({0.5, -20}, {2})},
        document);
    const data::FieldValues label{expert, make_array({1}, {})};
    encoder.encode_action({choice, make_array({1}, {})},
                          i == 0 ? nullptr : &label, document);
    document.step_offset.push_back(
        static_cast<int64_t>(document.tokens.size()));
  }
  if (document.labels.size() < document.tokens.size()) {
    fill_labels(document);
  }
  return document;
}

}  // namespace

TEST_CASE("Steps are described by keys and values") {
  const TokenDecoder decoder(small_vocabulary(), make_task_table());
  const auto described = decoder.decode(make_two_steps());
  REQUIRE(described["task"] == "arm/reach");
  REQUIRE(described["steps"].size() == 2);
  const auto& first = described["steps"][0];
  REQUIRE(first["observation"]["camera"] == "image 2x3 patches");
  REQUIRE(first["observation"]["state"][0].get<double>() ==
          Approx(0.5).margin(0.01));
  REQUIRE(first["observation"]["state"][1].get<double>() ==
          Approx(-20).margin(0.3));
  REQUIRE(first["action"]["choice"] == 3);
  REQUIRE(first["action"]["force"].get<double>() == Approx(1).margin(0.004));
  REQUIRE_FALSE(first.contains("expert"));
  REQUIRE(described["steps"][1]["expert"]["choice"] == -1);
  REQUIRE_FALSE(described["steps"][1]["expert"].contains("force"));
}

TEST_CASE("A row of a sequence file is described by its segments") {
  const auto document = make_two_steps();
  const auto cut = static_cast<int64_t>(document.tokens.size()) - 1;
  data::SequenceRow row;
  row.input = data::make_token_row(document, 0, cut);
  row.labels.assign(document.labels.begin(), document.labels.end() - 1);
  row.segment_ids.assign(static_cast<size_t>(cut), 0);
  data::SequenceView view;
  view.tokens = row.input.tokens;
  view.labels = row.labels;
  view.modality = {reinterpret_cast<const uint8_t*>(row.input.modality.data()),
                   row.input.modality.size()};
  view.local_position = row.input.local_position;
  view.interval = {row.input.interval[0].data(), 4 * row.input.interval.size()};
  view.segment_ids = row.segment_ids;
  const auto documents = split_into_documents(view);
  REQUIRE(documents.size() == 1);
  REQUIRE(documents[0].images.size() == 2);
  REQUIRE(documents[0].images[1].rows == 2);
  REQUIRE(documents[0].images[1].columns == 3);
  const auto described =
      TokenDecoder(small_vocabulary(), make_task_table()).decode(documents[0]);
  REQUIRE(described["steps"].size() == 2);
  REQUIRE(described["steps"][0]["action"]["choice"] == 3);
  REQUIRE(described["steps"][1]["cut"] == true);
  REQUIRE(described["steps"][1]["observation"]["camera"] ==
          "image 2x3 patches");
}

TEST_CASE("A text without </s> at the end of a row is marked as cut") {
  const std::string model =
      base::read_file(GATO_SOURCE_DIR "/tests/reference/text.model");
  const TextEncoder text(model);
  data::TaskTable tasks;
  tasks.tasks.emplace_back().spec.name = "text";
  const TokenDecoder decoder(
      data::Vocabulary::make(model, text.size(),
                             data::DiscreteLayout::separate),
      tasks);
  data::TokenizedDocument document;
  text.encode("pick up the cube", document.tokens);
  const auto add_end = [&] {
    document.modality.assign(document.tokens.size(), data::Modality::text);
    document.step_offset = {0, std::ssize(document.tokens)};
  };
  add_end();
  CHECK(decoder.decode(document, true)["cut"] == true);
  CHECK_FALSE(decoder.decode(document, false).contains("cut"));
  document.tokens.push_back(text.eos_id());
  add_end();
  CHECK_FALSE(decoder.decode(document, true).contains("cut"));
}

TEST_CASE("The kind of a file is detected from its contents") {
  TestDirectory directory;
  data::TokenFileWriter writer(directory / "a", false, small_vocabulary());
  writer.append(make_episode_document(3, 1, 2, 1));
  writer.commit(small_tasks(), small_provenance());
  REQUIRE(commands::detect_file_kind(directory / "a") ==
          commands::FileKind::token_file);
  const commands::Inspection tokens = commands::inspect(directory / "a");
  REQUIRE(tokens.facts["documents"] == 1);
  REQUIRE(tokens.facts["modality"]["patch"] == 6);
  REQUIRE(tokens.provenance["version"] == "1.2.3");

  base::write_file(directory / "b",
                   R"({"kind": "x", "version": 1, "l": [1, 2]})", false);
  REQUIRE(commands::inspect(directory / "b").facts["l"] == "2 entries");
  base::write_file(directory / "c", R"({"kind": "gato-scores", "version": 9})",
                   false);
  REQUIRE(thrown_error([&] { commands::inspect(directory / "c"); }).status() ==
          base::ExitStatus::bad_input);
  base::write_file(directory / "d", "something else", false);
  REQUIRE(thrown_error([&] { commands::inspect(directory / "d"); }).status() ==
          base::ExitStatus::bad_input);
  REQUIRE(thrown_error([&] { commands::inspect(directory / "e"); }).status() ==
          base::ExitStatus::io);
  REQUIRE(commands::inspect(std::filesystem::path(GATO_SOURCE_DIR) /
                            "tests/samples/minari/cartpole")
              .facts["episodes"] == 2);
}

TEST_CASE("A model is described and verified without its network") {
  TestDirectory directory;
  std::filesystem::create_directory(directory / "model");
  base::write_file(directory / "model/config.json",
                   R"({"kind": "gato-model", "version": 1, "oldest_version": 1,
                 "layers": 2, "tasks": [{"name": "t", "domain": "d"}]})",
                   false);
  std::string header =
      R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  base::write_file(directory / "model/model.safetensors",
                   bytes + header + std::string(24, 'x'), false);
  const commands::Inspection model = commands::inspect(directory / "model");
  REQUIRE(model.facts["layers"] == 2);
  REQUIRE(model.facts["weights"]["parameters"] == 6);
  REQUIRE(model.facts["tasks"][0]["name"] == "t");
  data::write_manifest(directory / "model");
  REQUIRE(commands::inspect(directory / "model").facts["has_manifest"] == true);
  base::write_file(directory / "model/model.safetensors",
                   bytes + header + std::string(24, 'y'), true);
  REQUIRE(thrown_error([&] {
            commands::inspect(directory / "model");
          }).status() == base::ExitStatus::bad_input);
  std::filesystem::remove(directory / "model/MANIFEST.json");
  base::write_file(directory / "model/model.safetensors",
                   bytes + header + std::string(20, 'y'), true);
  REQUIRE(thrown_error([&] {
            commands::inspect(directory / "model");
          }).status() == base::ExitStatus::bad_input);
}
