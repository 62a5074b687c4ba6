// Rows that are packed when they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gato/pack/packed_dataset.h"
#include "gato/train/input/training_data.h"

namespace gato::train {

// The part of training data that a packing run determines. The rows are those
// that gato-pack would write.
class PackedData : public TrainingData {
 public:
  int64_t row_count() const override { return packing_->sequences(); }
  int64_t sequence_length() const override {
    return packing_->options().length;
  }
  int64_t window_steps() const override {
    return packing_->options().window_steps;
  }
  const data::Vocabulary& vocabulary() const override {
    return packing_->corpus().vocabulary();
  }
  const data::TaskTable& tasks() const override {
    return packing_->corpus().tasks();
  }
  std::vector<data::TokenizedDocument> demonstrations() const override {
    return packing_->demonstrations();
  }

 protected:
  explicit PackedData(std::unique_ptr<const pack::PackedDataset> packing)
      : packing_(std::move(packing)) {}
  const pack::PackedDataset& packing() const { return *packing_; }
  // Returns a row that owns its values and its patches.
  static Row make_row(data::SequenceRow values,
                      std::vector<data::Patch> patches);

 private:
  std::unique_ptr<const pack::PackedDataset> packing_;
};

}  // namespace gato::train
