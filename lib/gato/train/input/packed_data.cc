#include "gato/train/input/packed_data.h"

#include <utility>

namespace gato::train {

TrainingData::Row PackedData::make_row(data::SequenceRow values,
                                       std::vector<data::Patch> patches) {
  struct RowStorage {
    data::SequenceRow row;
    std::vector<data::Patch> patches;
  };
  const auto storage = std::make_shared<const RowStorage>(
      RowStorage{std::move(values), std::move(patches)});
  Row row = view_row(storage->row, storage->patches);
  row.storage = storage;
  return row;
}

}  // namespace gato::train
