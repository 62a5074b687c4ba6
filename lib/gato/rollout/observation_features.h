// Observations as numbers and texts, for comparisons between observations.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/task.h"

namespace gato::rollout {

// Splits the observations of a task into texts and a row of numbers. The
// elements of numeric fields are numbers as they are. An image becomes the mean
// of each color channel in each cell of an 8 x 8 grid: 192 numbers.
class ObservationFeatures {
 public:
  explicit ObservationFeatures(const data::TaskSpec& task);

  // The size of a row, and the number of texts.
  int64_t width() const { return width_; }
  int64_t text_count() const { return text_count_; }
  // Writes the numbers of an observation, in the order of the fields, to `row`.
  // Returns the name of the first field with a number that is not finite, or an
  // empty string.
  std::string extract_row(const data::FieldValues& observation,
                          std::span<double> row) const;
  // Returns the texts of an observation, in the order of the fields.
  std::vector<std::string> extract_texts(
      const data::FieldValues& observation) const;

 private:
  std::vector<data::Field> fields_;
  int64_t width_ = 0, text_count_ = 0;
};

}  // namespace gato::rollout
