// The row of tokens that a row plan describes.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/sequence_file.h"
#include "gato/pack/corpus.h"
#include "gato/pack/sequence_sampler.h"

namespace gato::pack {

// Patch `index` of table `table` of the corpus.
struct PatchRef {
  int32_t table, index;
};

struct PackedRow {
  data::SequenceRow row;          // patch tokens: patch_token(i) for patches[i]
  std::vector<PatchRef> patches;  // one per patch token, in order
  int64_t window_count = 0;       // including the prompt
  int64_t token_count = 0;        // without padding
  int64_t target_count = 0;       // the first token of a row is not a target
  bool has_prompt = false;

  // Makes each patch token refer to patch index_of(patches[i]), i being its
  // position among the patch tokens.
  template <class Function>
  void renumber_patches(Function index_of) {
    size_t next = 0;
    for (size_t i = 0; next < patches.size(); ++i) {
      if (row.input.modality[i] != data::Modality::patch) {
        continue;
      }
      const int32_t token = data::patch_token(index_of(patches[next++]));
      row.input.tokens[i] = token;
      if (!row.labels.empty()) {
        row.labels[i] = token;
      }
    }
  }
};

// Reads the windows of `plan` and concatenates them into a row of `length`
// tokens, with padding at the end. The last window is replaced by padding if
// truncation left it without targets: it would cost computation without
// contributing to the loss.
PackedRow build_row(const Corpus& corpus, const RowPlan& plan, int64_t length);

// Numbers the distinct patches of the row from 0, makes its patch tokens refer
// to them, and returns their pixels.
std::vector<data::Patch> load_patches(const Corpus& corpus, PackedRow& packed);

}  // namespace gato::pack
