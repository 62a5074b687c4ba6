#include "train/synthetic_data.h"

#include <utility>
#include <vector>

namespace gato::test {
namespace {

constexpr int32_t kLength = 16;

data::SequenceRow empty_row() {
  data::SequenceRow row;
  row.input.resize(kLength);
  row.segment_ids.assign(kLength, 0);
  row.prompt_mask.assign(kLength, 0);
  return row;
}

struct TokenSpec {
  int32_t token, label;
  data::Modality modality;
  int16_t local_position;
};

data::Patch push_patch(int64_t number, int step) {
  data::Patch patch;
  patch.fill(static_cast<uint8_t>(number + step));
  return patch;
}

// The patch tokens of the row are -1 and -2.
data::SequenceRow push_row(const data::Vocabulary& vocabulary, int64_t number) {
  data::SequenceRow row = empty_row();
  row.labels = row.input.tokens;
  size_t position = 0;
  for (int step = 0; step < 2; ++step) {
    const int32_t bin = static_cast<int32_t>(40 * (number * 2 + step) % 1024);
    const int32_t observation = vocabulary.continuous_begin() + bin;
    const int32_t discrete = vocabulary.discrete_begin() + bin / 128;
    const int32_t executed_action = vocabulary.continuous_begin() + 1023 - bin;
    const TokenSpec token_specs[] = {
        {data::patch_token(step), data::patch_token(step),
         data::Modality::patch, 0},
        {observation, observation, data::Modality::continuous_observation, 1},
        {vocabulary.separator(), vocabulary.separator(),
         data::Modality::separator, data::TokenRow::kNoLocalPosition},
        {discrete, discrete, data::Modality::discrete_action,
         data::TokenRow::kActionLocalPosition},
        {executed_action, observation, data::Modality::continuous_action,
         data::TokenRow::kActionLocalPosition}};
    for (const TokenSpec& token_spec : token_specs) {
      row.input.tokens[position] = token_spec.token;
      row.labels[position] = token_spec.label;
      row.input.modality[position] = token_spec.modality;
      row.input.local_position[position] = token_spec.local_position;
      row.segment_ids[position] = static_cast<uint8_t>(step);
      if (token_spec.modality == data::Modality::patch) {
        row.input.interval[position] = {32, 64, 51, 77};
      }
      ++position;
    }
  }
  return row;
}

void replace_actions(const data::Vocabulary& vocabulary,
                     data::SequenceRow& row) {
  for (size_t i = 0; i < kLength; ++i) {
    if (data::is_action(row.input.modality[i])) {
      row.input.tokens[i] = row.labels[i] = vocabulary.separator();
      row.input.modality[i] = data::Modality::separator;
      row.input.local_position[i] = data::TokenRow::kNoLocalPosition;
    }
  }
}

data::SequenceRow count_row(int64_t number) {
  data::SequenceRow row = empty_row();
  for (int32_t i = 0; i < kLength; ++i) {
    row.input.tokens[i] = static_cast<int32_t>((number + i) % 10);
    row.input.modality[i] = data::Modality::text;
  }
  row.labels = row.input.tokens;
  row.task_index = 1;
  return row;
}

data::TaskTable task_table() {
  data::TaskTable table;
  for (const auto& [domain, name] :
       {std::pair{"control", "control/push"}, {"language", "language/count"}}) {
    data::TaskEntry entry;
    entry.spec.name = name;
    entry.spec.domain = domain;
    table.tasks.push_back(entry);
  }
  return table;
}

data::TokenizedDocument demonstration(const data::Vocabulary& vocabulary) {
  const data::SequenceRow row = push_row(vocabulary, 0);
  data::TokenizedDocument document;
  document.tokens.assign(row.input.tokens.begin(),
                         row.input.tokens.begin() + 10);
  document.modality.assign(row.input.modality.begin(),
                           row.input.modality.begin() + 10);
  document.step_offset = {0, 5, 10};
  document.images = {{0, 1, 1}, {5, 1, 1}};
  document.patches = {push_patch(0, 0), push_patch(0, 1)};
  document.is_episode = true;
  return document;
}

}  // namespace

void write_synthetic_sequences(const std::filesystem::path& path,
                               const SyntheticData& data) {
  const data::Vocabulary vocabulary =
      data::Vocabulary::make("text model", static_cast<int32_t>(data.text_size),
                             data::DiscreteLayout::separate);
  data::SequenceFileWriter writer(path, /*force=*/true,
                                  {.sequence_count = data.sequences,
                                   .sequence_length = kLength,
                                   .window_steps = 1,
                                   .has_labels = true},
                                  vocabulary);
  for (int64_t i = 0; i < data.sequences; ++i) {
    const int64_t number = data.first_number + i;
    data::SequenceRow row = number % 2 == 0 || !data.has_targets
                                ? push_row(vocabulary, number)
                                : count_row(number);
    if (!data.has_targets) {
      replace_actions(vocabulary, row);
    }
    for (std::vector<int32_t>* ids : {&row.input.tokens, &row.labels}) {
      for (int32_t& id : *ids) {
        if (!data::is_patch(id)) {
          continue;
        }
        id = data::patch_token(writer.add_patch(
            push_patch(number, static_cast<int>(data::patch_index(id)))));
      }
    }
    if (data.has_invalid_task && i == data.sequences - 1) {
      row.task_index = 7;
    }
    writer.append(row);
  }
  data::Provenance provenance;
  provenance.enabled = false;
  std::vector<data::TokenizedDocument> demonstrations;
  if (data.has_demonstrations) {
    demonstrations.push_back(demonstration(vocabulary));
  }
  writer.commit(task_table(), demonstrations, nullptr, provenance);
}

}  // namespace gato::test
