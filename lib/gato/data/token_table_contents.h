// The contents of a table of documents. Only the sources that make tables and
// read them include this file.
#pragma once

#include <memory>
#include <string>

#include "gato/data/hdf5/hdf5.h"
#include "gato/data/mapped_file.h"
#include "gato/data/token_column_views.h"
#include "gato/data/token_table.h"

namespace gato::data {

struct TokenTable::Contents {
  // Fills in everything but the step offsets from tokens [begin, end) of the
  // table, which belong to `document`.
  void load_tokens(TokenizedDocument& result, int64_t document, int64_t begin,
                   int64_t end, PatchNumbering numbering) const;
  void load_images(TokenizedDocument& result, int64_t begin, int64_t end) const;
  void check_tokens(const TokenizedDocument& result, int64_t document) const;
  // Loads the pixels and renumbers the patches from 0.
  void load_patches(TokenizedDocument& result) const;

  std::string name;
  Vocabulary vocabulary;
  ModalityIdRanges ids;
  TaskTable tasks;
  // The file of the columns; not open and null if they are in memory.
  hdf5::Group file;  // closed if all datasets are mapped
  std::unique_ptr<const MappedFile> mapping;
  TokenColumnViews columns;
};

}  // namespace gato::data
