// The sequences of a packing run. gato-pack writes them to a file; gato-train
// can also build them as it needs them.
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
  // If `sequences` is 0, there are just enough for every token of the inputs.
  // Throws Error(usage) if the options of an entry contradict each other or do
  // not suit its files, and the errors of Corpus.
  PackedDataset(const std::vector<MixtureEntry>& mixture,
                const PackingOptions& options, int64_t sequences);
  // Packs documents in memory as one entry, with the default options of an
  // entry and just enough sequences for every token.
  PackedDataset(const DocumentSelection& documents,
                const PackingOptions& options);
  PackedDataset(const PackedDataset&) = delete;
  PackedDataset& operator=(const PackedDataset&) = delete;

  // The entries that have documents. The constructor logs a warning about the
  // others.
  const std::vector<MixtureEntry>& mixture() const { return mixture_; }
  const Corpus& corpus() const { return corpus_; }
  const SequenceSampler& sampler() const { return sampler_; }
  const PackingOptions& options() const { return options_; }
  int64_t sequences() const { return sequences_; }

  // Builds any sequence, which may be beyond sequences(). It depends only on
  // the inputs, the options and its index. Thread-safe if
  // corpus().is_thread_safe().
  PackedRow row(const RowPlan& plan) const {
    return build_row(corpus_, plan, options_.length);
  }
  PackedRow row(int64_t sequence) const { return row(sampler_.plan(sequence)); }

  // Returns the episode with the highest return of each task that has episodes;
  // if several are equal, the first.
  std::vector<data::TokenizedDocument> demonstrations() const;

 private:
  PackedDataset(Corpus corpus, const std::vector<MixtureEntry>& mixture,
                const PackingOptions& options, int64_t sequences);

  const PackingOptions options_;
  const Corpus corpus_;
  const std::vector<MixtureEntry> mixture_;
  const SequenceSampler sampler_;
  const int64_t sequences_;
};

}  // namespace gato::pack
