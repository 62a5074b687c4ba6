// Observation ablation: replaces the observations of a sequence by those of
// another sequence of its task. How much the loss rises shows whether a policy
// uses its observations or only copies earlier actions.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gato/train/input/sequence_file_data.h"

namespace gato::train {

// The donor of a sequence is the next sequence of the same task in the same
// file, in cyclic order; if its observations do not differ, the one after it is
// tried, and so on. Steps are paired in order; a donor with fewer steps is
// repeated cyclically. Within a step, the i-th patch, discrete observation and
// continuous observation are replaced by the i-th of the same modality in the
// donor's step, again cyclically. A patch keeps the image position that it has
// in the donor. Text, separators, actions, labels and local positions are not
// changed.
//
// A step begins at a new document and after the last action token of the
// previous step. A document that is not an episode is therefore one step: its
// image changes, its caption does not.
class ObservationAblation {
 public:
  // `data` must outlive this object.
  explicit ObservationAblation(const SequenceFileData& data);

  // A row with replaced observations. `row.view` points into the two vectors,
  // so it stays valid when the object is moved, but not when it is copied.
  struct AblatedRow {
    TrainingData::Row row;
    std::vector<int32_t> tokens;
    std::vector<uint8_t> interval;
    bool is_changed = false;  // false: there was no donor that differs
    AblatedRow() = default;
    AblatedRow(AblatedRow&&) = default;
  };
  // Returns row `i` of the data with the observations of its donor.
  AblatedRow row(int64_t i) const;

 private:
  const SequenceFileData& data_;
  // Row indices by file and task, in ascending order.
  std::map<std::pair<size_t, int32_t>, std::vector<int64_t>>
      rows_by_file_and_task_;
};

}  // namespace gato::train
