// The sequences of a packing run: gato-pack writes them, gato-train can read
// them as they are drawn.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/pack/corpus.h"
#include "gato/pack/mixture.h"
#include "gato/pack/row.h"
#include "gato/pack/sampler.h"

namespace gato {

class Packing {
 public:
  // `sequences`: 0 are as many as have room for every token of the
  // inputs. Errors:
  // usage (options of an entry that contradict each other or do not fit its
  // files), and those of Corpus.
  Packing(std::vector<MixtureEntry> mixture, const SamplerOptions& options,
          int64_t sequences);
  Packing(const Packing&) = delete;
  Packing& operator=(const Packing&) = delete;

  // Without entries that hold no document, which are warned of.
  const std::vector<MixtureEntry>& mixture() const { return mixture_; }
  const Corpus& corpus() const { return corpus_; }
  const Sampler& sampler() const { return sampler_; }
  const SamplerOptions& options() const { return options_; }
  int64_t sequences() const { return sequences_; }

  // Any sequence alone, those beyond sequences() too: a function of the inputs,
  // the options and its number. Safe from several threads where
  // corpus().is_shareable().
  PackedRow row(const RowPlan& plan) const {
    return build_row(corpus_, plan, options_.length);
  }
  PackedRow row(int64_t sequence) const { return row(sampler_.plan(sequence)); }

  // The best episode of each task that has episodes, the first of equals.
  std::vector<TokenizedDocument> demonstrations() const;

 private:
  const SamplerOptions options_;
  const Corpus corpus_;
  const std::vector<MixtureEntry> mixture_;
  const Sampler sampler_;
  const int64_t sequences_;
};

}  // namespace gato
