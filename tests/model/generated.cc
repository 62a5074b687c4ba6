#include "model/generated.h"

#include <algorithm>
#include <cstring>

#include "gato/base/random.h"

namespace gato::test {

ModelConfig small_config(Position position) {
  ModelConfig config;
  config.layers = 2;
  config.width = 16;
  config.heads = 2;
  config.key_size = 8;
  config.feedforward = 32;
  config.context = 24;
  config.position = position;
  config.vocabulary = Vocabulary::make("", 64, DiscreteLayout::separate);
  return config;
}

Row random_row(const ModelConfig& config, int64_t length, uint64_t seed) {
  RandomStream stream(seed);
  Row row;
  for (int64_t i = 0; i < length; ++i) {
    const bool is_patch = stream.below(3) == 0;
    const bool is_action = !is_patch && stream.below(2) == 0;
    if (is_patch) {
      Patch patch;
      for (uint8_t& pixel : patch)
        pixel = static_cast<uint8_t>(stream.below(256));
      row.patches.push_back(patch);
    }
    row.features.tokens.push_back(
        is_patch ? -static_cast<int32_t>(row.patches.size())
                 : config.vocabulary.continuous_begin() +
                       static_cast<int32_t>(stream.below(Vocabulary::bins)));
    row.features.modality.push_back(is_patch    ? Modality::patch
                                    : is_action ? Modality::continuous_action
                                                : Modality::separator);
    row.features.local.push_back(is_patch
                                     ? static_cast<int16_t>(i)
                                     : (is_action ? TokenFeatures::action_local
                                                  : TokenFeatures::no_local));
    const auto first = static_cast<uint8_t>(stream.below(100));
    row.features.interval.push_back(
        is_patch ? TokenFeatures::Interval{first, uint8_t(first + 27),
                                           uint8_t(first / 2), first}
                 : TokenFeatures::Interval{});
  }
  return row;
}

Row part(const Row& row, int64_t begin, int64_t end) {
  const auto cut = [&](const auto& values) {
    return std::decay_t<decltype(values)>(values.begin() + begin,
                                          values.begin() + end);
  };
  return {{cut(row.features.tokens), cut(row.features.modality),
           cut(row.features.local), cut(row.features.interval)},
          row.patches};
}

Chunk chunk_of(const Row& row) { return {&row.features, row.patches}; }

Batch batch_of(const std::vector<Row>& rows) {
  std::vector<int64_t> tokens, local, place, index, patch_row, column, target,
      label, modality;
  std::vector<Patch> patches;
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.features.tokens.size(); ++i) {
      const int32_t token = row.features.tokens[i];
      const auto here = static_cast<int64_t>(tokens.size());
      if (token < 0) {
        const auto& interval = row.features.interval[i];
        place.push_back(here);
        index.push_back(static_cast<int64_t>(patches.size()) - 1 - token);
        patch_row.push_back((interval[0] + interval[1]) / 2);
        column.push_back((interval[2] + interval[3]) / 2);
      } else if (i > 0) {
        target.push_back(here - 1);
        label.push_back(token);
        modality.push_back(static_cast<int64_t>(row.features.modality[i]));
      }
      tokens.push_back(std::max(token, 0));
      local.push_back(Batch::local_row(row.features.local[i]));
    }
    patches.insert(patches.end(), row.patches.begin(), row.patches.end());
  }
  Batch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  batch.length = static_cast<int64_t>(rows.front().features.tokens.size());
  const auto tensor = [](const std::vector<int64_t>& values) {
    return at::tensor(values, at::kLong);
  };
  batch.tokens = tensor(tokens);
  batch.local = tensor(local);
  batch.patches =
      at::empty({static_cast<int64_t>(patches.size()), 16, 16, 3}, at::kByte);
  std::memcpy(batch.patches.data_ptr(), patches.data(),
              patches.size() * sizeof(Patch));
  batch.patch_place = tensor(place);
  batch.patch_index = tensor(index);
  batch.patch_row = tensor(patch_row);
  batch.patch_column = tensor(column);
  batch.target_place = tensor(target);
  batch.target_label = tensor(label);
  batch.target_modality = tensor(modality).to(at::kByte);
  return batch;
}

}  // namespace gato::test
