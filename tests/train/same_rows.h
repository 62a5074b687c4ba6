// Comparison of training data.
#pragma once

#include <algorithm>
#include <cstdint>

#include "catch.h"
#include "gato/train/input/training_data.h"

namespace gato::test {

// Checks that the data have equal rows, whose patches may be numbered
// differently.
inline void check_same_rows(const train::TrainingData& one,
                            const train::TrainingData& other) {
  REQUIRE(one.row_count() == other.row_count());
  CHECK(one.sequence_length() == other.sequence_length());
  CHECK(one.window_steps() == other.window_steps());
  CHECK(one.tasks().to_json() == other.tasks().to_json());
  for (int64_t i = 0; i < one.row_count(); ++i) {
    const train::TrainingData::Row a = one.row(i), b = other.row(i);
    CHECK(a.task == b.task);
    CHECK(std::ranges::equal(a.view.modality, b.view.modality));
    CHECK(std::ranges::equal(a.view.local_position, b.view.local_position));
    CHECK(std::ranges::equal(a.view.interval, b.view.interval));
    CHECK(std::ranges::equal(a.view.segment_ids, b.view.segment_ids));
    CHECK(std::ranges::equal(a.view.prompt_mask, b.view.prompt_mask));
    for (size_t j = 0; j < a.view.tokens.size(); ++j) {
      const int32_t token = a.view.tokens[j], same = b.view.tokens[j];
      if (data::is_patch(token)) {
        REQUIRE(std::ranges::equal(a.patch(data::patch_index(token)),
                                   b.patch(data::patch_index(same))));
      } else {
        REQUIRE(token == same);
        REQUIRE(a.view.labels[j] == b.view.labels[j]);
      }
    }
  }
}

}  // namespace gato::test
