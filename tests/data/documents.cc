#include "data/documents.h"

#include <algorithm>

#include "gato/base/random.h"

namespace gato::test {

namespace fs = std::filesystem;

std::vector<std::string> Folder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path())) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Vocabulary small_vocabulary() {
  return Vocabulary::make("not really a text model", 1100,
                          DiscreteLayout::overlap);
}

TaskTable small_tasks() {
  TaskEntry episodes;
  episodes.spec.name = "arcade/catch";
  episodes.spec.domain = "arcade";
  Field image;
  image.name = "observation";
  image.role = Role::image;
  image.dtype = DType::uint8;
  image.shape = {32, 48, 3};
  episodes.spec.observation = {image};
  Field action;
  action.name = "action";
  action.role = Role::continuous;
  action.dtype = DType::float32;
  action.shape = {2};
  action.low = {-1, -1};
  action.high = {1, std::numeric_limits<double>::infinity()};
  episodes.spec.action = {action};
  episodes.episodes = 2;
  episodes.steps = 7;
  episodes.expert_return = 1.5;
  TaskEntry text;
  text.spec.name = "text";
  return {{episodes, text}, {"expert"}};
}

Provenance small_provenance() {
  Provenance provenance;
  provenance.program = "gato-tokenize";
  provenance.version = "1.2.3";
  provenance.argv = {"gato-tokenize", "episodes"};
  provenance.seed = 5;
  return provenance;
}

TokenizedDocument episode_document(int steps, int rows, int columns, int seed) {
  const Vocabulary vocabulary = small_vocabulary();
  RandomStream random(static_cast<uint64_t>(seed));
  const auto bin = [&] {
    return vocabulary.continuous_begin() +
           static_cast<int32_t>(random.below(Vocabulary::bins));
  };
  TokenizedDocument document;
  document.is_episode = true;
  document.total_reward = seed;
  document.step_offset = {0};
  const auto add = [&document](int32_t token, Modality modality) {
    document.tokens.push_back(token);
    document.modality.push_back(modality);
  };
  for (int step = 0; step < steps; ++step) {
    document.images.push_back({static_cast<int64_t>(document.tokens.size()),
                               static_cast<int16_t>(rows),
                               static_cast<int16_t>(columns)});
    for (int i = 0; i < rows * columns; ++i) {
      Patch patch;
      patch.fill(static_cast<uint8_t>(random.below(256)));
      patch[0] = static_cast<uint8_t>(i);
      document.patches.push_back(patch);
      add(-static_cast<int32_t>(document.patches.size()), Modality::patch);
    }
    add(bin(), Modality::continuous_observation);
    add(vocabulary.separator(), Modality::separator);
    add(bin(), Modality::continuous_action);
    add(bin(), Modality::continuous_action);
    document.step_offset.push_back(
        static_cast<int64_t>(document.tokens.size()));
  }
  return document;
}

TokenizedDocument text_document(int tokens) {
  TokenizedDocument document;
  for (int i = 0; i < tokens; ++i) document.tokens.push_back(i % 1000);
  document.modality.assign(static_cast<size_t>(tokens), Modality::text);
  document.step_offset = {0, tokens};
  document.task = 1;
  return document;
}

std::string bytes_of(const fs::path& path) { return read_file(path); }

}  // namespace gato::test
