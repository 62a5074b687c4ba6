// The sequences of a packing run: gato-pack writes them, gato-train can read
// them as they are drawn.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/pack/corpus.h"
#include "gato/pack/mixture.h"
#include "gato/pack/packed_row.h"
#include "gato/pack/sequence_sampler.h"

namespace gato::pack {

class PackedDataset {
 public:
  // `sequences`: 0 are as many as have room for every token of the
  // inputs. Errors:
  // usage (options of an entry that contradict each other or do not fit its
  // files), and those of Corpus.
  PackedDataset(std::vector<MixtureEntry> mixture,
                const PackingOptions& options, int64_t sequences);
  PackedDataset(const PackedDataset&) = delete;
  PackedDataset& operator=(const PackedDataset&) = delete;

  // Without entries that hold no document, which are warned of.
  const std::vector<MixtureEntry>& mixture() const { return mixture_; }
  const Corpus& corpus() const { return corpus_; }
  const SequenceSampler& sampler() const { return sampler_; }
  const PackingOptions& options() const { return options_; }
  int64_t sequences() const { return sequences_; }

  // Any sequence alone, those beyond sequences() too: a function of the inputs,
  // the options and its number. Safe from several threads where
  // corpus().is_shareable().
  PackedRow row(const RowPlan& plan) const {
    return build_row(corpus_, plan, options_.length);
  }
  PackedRow row(int64_t sequence) const { return row(sampler_.plan(sequence)); }

  // The best episode of each task that has episodes, the first of equals.
  std::vector<data::TokenizedDocument> demonstrations() const;

 private:
  const PackingOptions options_;
  const Corpus corpus_;
  const std::vector<MixtureEntry> mixture_;
  const SequenceSampler sampler_;
  const int64_t sequences_;
};

}  // namespace gato::pack
