// Views of the columns of a table of documents: the datasets of a token file
// that is being read, or arrays in memory.
#pragma once

#include <cstdint>

#include "gato/data/hdf5/hdf5.h"
#include "gato/data/mapped_file.h"
#include "gato/data/task.h"

namespace gato::data {

// Views of all columns, named as the datasets in token_file.h.
struct TokenColumnViews {
  TokenColumnViews() = default;
  // Opens the columns below `root` and checks what all documents depend on:
  // lengths, offsets, indices of tasks and sources, and the extents of images.
  // Throws Error(bad_input) if a column is missing or invalid. Reads columns in
  // blocks of bounded size.
  TokenColumnViews(const hdf5::Group& root, const MappedFile& mapping,
                   const TaskTable& tasks);

  // Returns true if all columns are mapped or in memory, so that none needs the
  // open file.
  bool is_in_memory() const;
  // Returns the index of the first image that begins at or after a token.
  int64_t find_first_image(int64_t token) const;
  // Returns the first token after an image.
  int64_t image_end_token(int64_t image) const {
    return image_token.at(image) +
           int64_t{image_rows.at(image)} * image_columns.at(image);
  }

  DatasetView<int32_t> tokens, labels, task, source;
  DatasetView<uint8_t> modality, patches;
  DatasetView<int64_t> step_offset, first_step, image_token;
  DatasetView<int16_t> image_rows, image_columns;
  DatasetView<double> total_rewards;
  bool has_labels = false;

 private:
  void open(const hdf5::Group& root, const MappedFile& mapping);
  void check(const TaskTable& tasks) const;
  void check_images() const;
};

}  // namespace gato::data
