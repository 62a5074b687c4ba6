// The columns of a table of documents. Only the sources that make tables and
// read them include this file.
#pragma once

#include <memory>
#include <string>

#include "gato/data/hdf5.h"
#include "gato/data/mapped_file.h"
#include "gato/data/token_table.h"

namespace gato::data {

// N tokens, S steps, D documents, I images, U distinct patches, as in a token
// file (token_file.h).
struct TokenTable::Contents {
  // Returns the index of the first image that begins at or after a token.
  int64_t find_first_image(int64_t token) const;
  // Returns the index of the first token after an image.
  int64_t image_end(int64_t image) const {
    return image_token.at(image) +
           int64_t{image_rows.at(image)} * image_columns.at(image);
  }
  // These read tokens [begin, end) of the table: the images, which must cover
  // the patch tokens exactly, a check of all values, and the pixels, for which
  // the patch tokens are numbered again.
  void read_images(int64_t begin, int64_t end, TokenizedDocument& result) const;
  void check_tokens(int64_t document, const TokenizedDocument& result) const;
  void read_patches(TokenizedDocument& result) const;

  std::string name;
  Vocabulary vocabulary;
  ModalityIdRanges ids;
  TaskTable tasks;
  // The file that the columns refer to, if they are not in memory. `file` is
  // open only if some of them are not mapped.
  hdf5::Group file;
  std::unique_ptr<const MappedFile> mapping;

  DatasetView<int32_t> tokens, labels;             // [N]
  DatasetView<uint8_t> modality;                   // [N]
  DatasetView<int64_t> step_offset;                // [S+1]
  DatasetView<int64_t> first_step;                 // [D+1]
  DatasetView<int32_t> task, source;               // [D]
  DatasetView<double> total_reward;                // [D]
  DatasetView<int64_t> image_token;                // [I]
  DatasetView<int16_t> image_rows, image_columns;  // [I]
  DatasetView<uint8_t> patches;                    // [U,16,16,3]
  bool has_labels = false;
};

}  // namespace gato::data
