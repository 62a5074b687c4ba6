#include "model/sample_rows.h"

#include <algorithm>
#include <cstring>

#include "gato/base/random.h"

namespace gato::test {

model::ModelConfig small_config(model::PositionEncoding position) {
  model::ModelConfig config;
  config.layers = 2;
  config.width = 16;
  config.heads = 2;
  config.key_size = 8;
  config.feedforward = 32;
  config.context = 24;
  config.position = position;
  config.vocabulary =
      data::Vocabulary::make("", 64, data::DiscreteLayout::separate);
  return config;
}

data::TokenRow random_row(const model::ModelConfig& config, int64_t length,
                          uint64_t seed) {
  base::RandomStream stream(seed);
  data::TokenRow row;
  for (int64_t i = 0; i < length; ++i) {
    const bool is_patch = stream.uniform_int(3) == 0;
    const bool is_action = !is_patch && stream.uniform_int(2) == 0;
    if (is_patch) {
      data::Patch patch;
      for (uint8_t& pixel : patch) {
        pixel = static_cast<uint8_t>(stream.uniform_int(256));
      }
      const auto first = static_cast<uint8_t>(stream.uniform_int(100));
      row.push_back(row.add_patch(patch), data::Modality::patch,
                    static_cast<int16_t>(i),
                    {first, static_cast<uint8_t>(first + 27),
                     static_cast<uint8_t>(first / 2), first});
      continue;
    }
    row.push_back(config.vocabulary.continuous_begin() +
                      static_cast<int32_t>(
                          stream.uniform_int(data::Vocabulary::kBinCount)),
                  is_action ? data::Modality::continuous_action
                            : data::Modality::separator,
                  is_action ? data::TokenRow::kActionLocalPosition
                            : data::TokenRow::kNoLocalPosition);
  }
  return row;
}

data::TokenRow slice_row(const data::TokenRow& row, int64_t begin,
                         int64_t end) {
  data::TokenRow slice;
  slice.append(row, begin, end);
  return slice;
}

model::Batch batch_from_rows(const std::vector<data::TokenRow>& rows) {
  std::vector<int64_t> tokens, local, patch_position, index, patch_row, column,
      target, label, modality;
  std::vector<data::Patch> patches;
  for (const data::TokenRow& row : rows) {
    for (size_t i = 0; i < row.tokens.size(); ++i) {
      const int32_t token = row.tokens[i];
      const auto position = static_cast<int64_t>(tokens.size());
      if (data::is_patch(token)) {
        const auto& interval = row.interval[i];
        patch_position.push_back(position);
        index.push_back(std::ssize(patches) + data::patch_index(token));
        patch_row.push_back((interval[0] + interval[1]) / 2);
        column.push_back((interval[2] + interval[3]) / 2);
      } else if (i > 0) {
        target.push_back(position - 1);
        label.push_back(token);
        modality.push_back(static_cast<int64_t>(row.modality[i]));
      }
      tokens.push_back(std::max(token, 0));
      local.push_back(model::Batch::local_position_row(row.local_position[i]));
    }
    patches.insert(patches.end(), row.patches.begin(), row.patches.end());
  }
  model::Batch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  batch.length = static_cast<int64_t>(rows.front().size());
  const auto tensor = [](const std::vector<int64_t>& values) {
    return at::tensor(values, at::kLong);
  };
  batch.tokens = tensor(tokens);
  batch.local_position = tensor(local);
  batch.patches =
      at::empty({static_cast<int64_t>(patches.size()), 16, 16, 3}, at::kByte);
  std::memcpy(batch.patches.data_ptr(), patches.data(),
              patches.size() * sizeof(data::Patch));
  batch.patch_position = tensor(patch_position);
  batch.patch_index = tensor(index);
  batch.patch_row = tensor(patch_row);
  batch.patch_column = tensor(column);
  batch.target_index = tensor(target);
  batch.target_label = tensor(label);
  batch.target_modality = tensor(modality).to(at::kByte);
  return batch;
}

}  // namespace gato::test
