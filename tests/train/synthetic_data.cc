#include "train/synthetic_data.h"

#include <utility>
#include <vector>

namespace gato::test {
namespace {

constexpr int32_t length = 16;

SequenceRow empty_row() {
  SequenceRow row;
  row.features.tokens.assign(length, 0);
  row.features.modality.assign(length, Modality::padding);
  row.features.local.assign(length, TokenFeatures::no_local);
  row.features.interval.assign(length, {0, 0, 0, 0});
  row.segment.assign(length, 0);
  row.prompt.assign(length, 0);
  return row;
}

struct Place {
  int32_t token, label;
  Modality modality;
  int16_t local;
};

Patch push_patch(int64_t number, int step) {
  Patch patch;
  patch.fill(uint8_t(number + step));
  return patch;
}

// Its patch tokens are -1 and -2.
SequenceRow push_row(const Vocabulary& vocabulary, int64_t number) {
  SequenceRow row = empty_row();
  row.labels = row.features.tokens;
  size_t next = 0;
  for (int step = 0; step < 2; ++step) {
    const int32_t bin = int32_t(40 * (number * 2 + step) % 1024);
    const int32_t observation = vocabulary.continuous_begin() + bin;
    const int32_t discrete = vocabulary.discrete_begin() + bin / 128;
    const int32_t executed = vocabulary.continuous_begin() + 1023 - bin;
    const Place places[] = {
        {-1 - step, -1 - step, Modality::patch, 0},
        {observation, observation, Modality::continuous_observation, 1},
        {vocabulary.separator(), vocabulary.separator(), Modality::separator,
         TokenFeatures::no_local},
        {discrete, discrete, Modality::discrete_action,
         TokenFeatures::action_local},
        {executed, observation, Modality::continuous_action,
         TokenFeatures::action_local}};
    for (const Place& place : places) {
      row.features.tokens[next] = place.token;
      row.labels[next] = place.label;
      row.features.modality[next] = place.modality;
      row.features.local[next] = place.local;
      row.segment[next] = uint8_t(step);
      if (place.modality == Modality::patch) {
        row.features.interval[next] = {32, 64, 51, 77};
      }
      ++next;
    }
  }
  return row;
}

SequenceRow count_row(int64_t number) {
  SequenceRow row = empty_row();
  for (int32_t i = 0; i < length; ++i) {
    row.features.tokens[i] = int32_t((number + i) % 10);
    row.features.modality[i] = Modality::text;
  }
  row.labels = row.features.tokens;
  row.task = 1;
  return row;
}

TaskTable task_table() {
  TaskTable table;
  for (const auto& [domain, name] :
       {std::pair{"control", "control/push"}, {"language", "language/count"}}) {
    TaskEntry entry;
    entry.spec.name = name;
    entry.spec.domain = domain;
    table.tasks.push_back(entry);
  }
  return table;
}

TokenizedDocument demonstration(const Vocabulary& vocabulary) {
  const SequenceRow row = push_row(vocabulary, 0);
  TokenizedDocument document;
  document.tokens.assign(row.features.tokens.begin(),
                         row.features.tokens.begin() + 10);
  document.modality.assign(row.features.modality.begin(),
                           row.features.modality.begin() + 10);
  document.step_offset = {0, 5, 10};
  document.images = {{0, 1, 1}, {5, 1, 1}};
  document.patches = {push_patch(0, 0), push_patch(0, 1)};
  document.is_episode = true;
  return document;
}

}  // namespace

void write_sequences(const std::filesystem::path& path,
                     const SyntheticData& data) {
  const Vocabulary vocabulary = Vocabulary::make(
      "text model", int32_t(data.text_size), DiscreteLayout::separate);
  SequenceFileWriter writer(path, /*force=*/true,
                            {.sequences = data.sequences,
                             .length = length,
                             .window_steps = 1,
                             .labels = true},
                            vocabulary);
  for (int64_t i = 0; i < data.sequences; ++i) {
    const int64_t number = data.first + i;
    SequenceRow row =
        number % 2 == 0 ? push_row(vocabulary, number) : count_row(number);
    for (std::vector<int32_t>* ids : {&row.features.tokens, &row.labels}) {
      for (int32_t& id : *ids) {
        if (id < 0) id = -1 - writer.add_patch(push_patch(number, -1 - id));
      }
    }
    if (data.is_damaged && i == data.sequences - 1) row.task = 7;
    writer.append(row);
  }
  Provenance provenance;
  provenance.enabled = false;
  std::vector<TokenizedDocument> demonstrations;
  if (data.has_demonstrations) {
    demonstrations.push_back(demonstration(vocabulary));
  }
  writer.commit(task_table(), demonstrations, nullptr, provenance);
}

}  // namespace gato::test
