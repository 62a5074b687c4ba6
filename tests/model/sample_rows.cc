#include "model/sample_rows.h"

#include <iterator>

#include "gato/base/random.h"
#include "gato/model/batch_builder.h"

namespace gato::test {

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
  const int64_t length = rows.front().size();
  model::BatchBuilder builder(std::ssize(rows), length);
  int64_t index = 0;
  for (const data::TokenRow& row : rows) {
    builder.set_tokens(index, row);
    for (int64_t i = 1; i < length; ++i) {
      if (data::is_patch(row.tokens[i])) {
        continue;
      }
      builder.add_target(index + i - 1, row.tokens[i], row.modality[i], 0);
    }
    index += length;
  }
  return builder.build();
}

}  // namespace gato::test
