// A planned sequence as the row that is written.
#pragma once

#include "gato/data/sequence_file.h"
#include "gato/pack/corpus.h"
#include "gato/pack/sampler.h"

namespace gato {

struct PackedRow {
  SequenceRow row;
  int64_t windows = 0;  // prompt included
  int64_t tokens = 0;   // without padding
  int64_t patches = 0;  // tokens of images
  int64_t targets = 0;  // the first token of a row is none
  bool has_prompt = false;
};

// Reads the windows of `plan` and lays them side by side in `length` tokens,
// padded at the end. A last window that a cut left without any target is
// padding as well: it would cost computation and teach nothing.
PackedRow build_row(const Corpus& corpus, const RowPlan& plan, int64_t length);

}  // namespace gato
