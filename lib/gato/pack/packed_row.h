// A planned sequence as the row that is written.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/sequence_file.h"
#include "gato/pack/corpus.h"
#include "gato/pack/sequence_sampler.h"

namespace gato::pack {

// A patch of the inputs: row `number` of the /patches of a file of the corpus.
struct PatchRef {
  int32_t file, index;
};

struct PackedRow {
  data::SequenceRow row;          // patch tokens: patch_token(i) for patches[i]
  std::vector<PatchRef> patches;  // one a patch token, in their order
  int64_t window_count = 0;       // prompt included
  int64_t token_count = 0;        // without padding
  int64_t target_count = 0;       // the first token of a row is none
  bool has_prompt = false;

  // Gives patch tokens the number that `number_of` has for their place.
  template <class NumberOf>
  void renumber_patches(NumberOf index_of) {
    size_t next = 0;
    for (size_t i = 0; next < patches.size(); ++i) {
      if (row.features.modality[i] != data::Modality::patch) continue;
      const int32_t token = data::patch_token(index_of(patches[next++]));
      row.features.tokens[i] = token;
      if (!row.labels.empty()) row.labels[i] = token;
    }
  }
};

// Reads the windows of `plan` and lays them side by side in `length` tokens,
// padded at the end. A last window that a cut left without any target is
// padding as well: it would cost computation and teach nothing.
PackedRow build_row(const Corpus& corpus, const RowPlan& plan, int64_t length);

// Numbers the row's distinct patches from 0 and returns their pixels.
std::vector<data::Patch> load_patches(const Corpus& corpus, PackedRow& packed);

}  // namespace gato::pack
