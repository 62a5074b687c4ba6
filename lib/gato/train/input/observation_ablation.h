// Sequences whose observations were exchanged for those of other sequences of
// the task: what is left of the loss shows whether a policy looks or copies.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gato/train/input/sequence_file_data.h"

namespace gato::train {

// The donor of a sequence is the next one of the same task in the same file
// (after the last the first), or the one after it while nothing differs. The
// steps of both are paired in their order, those of a shorter donor over again.
// Within a step the i-th patch takes the donor step's i-th patch, the i-th
// discrete value its i-th discrete value and the i-th continuous value its i-th
// continuous value, those of a shorter step over again; a patch brings its
// position in the image along. Text, separators, actions, labels and local
// positions stay.
//
// A step begins at a new document and after the last action token, so a
// document that is no episode is one step: a picture changes, its caption
// stays.
class ObservationAblation {
 public:
  // `set` must outlive the object.
  explicit ObservationAblation(const SequenceFileData& set);

  // `row.view` looks into the two vectors: moving keeps it valid, copying does
  // not.
  struct AblatedRow {
    TrainingData::Row row;
    std::vector<int32_t> tokens;
    std::vector<uint8_t> interval;
    bool is_changed = false;  // false: no other sequence to take from
    AblatedRow() = default;
    AblatedRow(AblatedRow&&) = default;
  };
  AblatedRow row(int64_t i) const;

 private:
  const SequenceFileData& data_;
  // Rows by file and task, rising.
  std::map<std::pair<size_t, int32_t>, std::vector<int64_t>>
      rows_by_file_and_task_;
};

}  // namespace gato::train
