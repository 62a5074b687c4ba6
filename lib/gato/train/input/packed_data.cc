#include "gato/train/input/packed_data.h"

#include <span>
#include <utility>

namespace gato::train {
namespace {

// Returns the bytes of a vector of a trivially copyable type.
template <class T>
std::span<const uint8_t> byte_span(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()),
          values.size() * sizeof(T)};
}

}  // namespace

TrainingData::Row PackedData::make_row(data::SequenceRow values,
                                       std::vector<data::Patch> patches) {
  struct RowStorage {
    data::SequenceRow row;
    std::vector<data::Patch> patches;
  };
  const auto storage = std::make_shared<const RowStorage>(
      RowStorage{std::move(values), std::move(patches)});
  const data::SequenceRow& stored = storage->row;
  Row row;
  row.view = {
      .tokens = stored.features.tokens,
      .labels = stored.labels.empty() ? stored.features.tokens : stored.labels,
      .modality = byte_span(stored.features.modality),
      .local_position = stored.features.local_position,
      .interval = byte_span(stored.features.interval),
      .segment_ids = stored.segment_ids,
      .prompt_mask = stored.prompt_mask,
      .task_index = stored.task_index};
  row.patches = byte_span(storage->patches);
  row.task = stored.task_index;
  row.storage = storage;
  return row;
}

}  // namespace gato::train
