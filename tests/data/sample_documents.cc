#include "data/sample_documents.h"

#include <algorithm>

#include "data/make_field.h"
#include "gato/base/random.h"

namespace gato::test {

namespace fs = std::filesystem;

std::vector<std::string> TestDirectory::entry_names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path())) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

data::Vocabulary small_vocabulary() {
  return data::Vocabulary::make("not really a text model", 1100,
                                data::DiscreteLayout::overlap);
}

data::TaskTable small_tasks() {
  data::TaskEntry episodes;
  episodes.spec.name = "arcade/catch";
  episodes.spec.domain = "arcade";
  episodes.spec.observation_fields = {make_field(
      "observation", data::Role::image, data::DType::uint8, {32, 48, 3})};
  data::Field action =
      make_field("action", data::Role::continuous, data::DType::float32, {2});
  action.low = {-1, -1};
  action.high = {1, std::numeric_limits<double>::infinity()};
  episodes.spec.action_fields = {action};
  episodes.episode_count = 2;
  episodes.step_count = 7;
  episodes.expert_return = 1.5;
  data::TaskEntry text;
  text.spec.name = "text";
  return {{episodes, text}, {"expert"}};
}

data::Provenance small_provenance() {
  data::Provenance provenance;
  provenance.program = "gato-tokenize";
  provenance.version = "1.2.3";
  provenance.argv = {"gato-tokenize", "episodes"};
  provenance.seed = 5;
  return provenance;
}

data::TokenizedDocument make_episode_document(int steps, int rows, int columns,
                                              int seed) {
  const data::Vocabulary vocabulary = small_vocabulary();
  base::RandomStream random(static_cast<uint64_t>(seed));
  const auto bin = [&] {
    return vocabulary.continuous_begin() +
           static_cast<int32_t>(
               random.uniform_int(data::Vocabulary::kBinCount));
  };
  data::TokenizedDocument document;
  document.is_episode = true;
  document.total_reward = seed;
  document.step_offset = {0};
  const auto add = [&document](int32_t token, data::Modality modality) {
    document.tokens.push_back(token);
    document.modality.push_back(modality);
  };
  for (int step = 0; step < steps; ++step) {
    document.images.push_back({std::ssize(document.tokens),
                               static_cast<int16_t>(rows),
                               static_cast<int16_t>(columns)});
    for (int i = 0; i < rows * columns; ++i) {
      data::Patch patch;
      patch.fill(static_cast<uint8_t>(random.uniform_int(256)));
      patch[0] = static_cast<uint8_t>(i);
      document.patches.push_back(patch);
      add(data::patch_token(std::ssize(document.patches) - 1),
          data::Modality::patch);
    }
    add(bin(), data::Modality::continuous_observation);
    add(vocabulary.separator(), data::Modality::separator);
    add(bin(), data::Modality::continuous_action);
    add(bin(), data::Modality::continuous_action);
    document.step_offset.push_back(std::ssize(document.tokens));
  }
  return document;
}

data::TokenizedDocument make_text_document(int tokens) {
  data::TokenizedDocument document;
  for (int i = 0; i < tokens; ++i) {
    document.tokens.push_back(i % 1000);
  }
  document.modality.assign(static_cast<size_t>(tokens), data::Modality::text);
  document.step_offset = {0, tokens};
  document.task_index = 1;
  return document;
}

void write_small_token_file(const std::filesystem::path& path) {
  data::TokenFileWriter writer(path, /*force=*/true, small_vocabulary());
  writer.append(make_episode_document(4, 2, 3, 1));
  writer.append(make_text_document(40));
  writer.commit(small_tasks(), small_provenance());
}

std::string file_bytes(const fs::path& path) { return base::read_file(path); }

}  // namespace gato::test
