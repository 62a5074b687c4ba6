// Which windows of which documents make up a sequence.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gato/base/random.h"
#include "gato/pack/corpus.h"
#include "gato/pack/index_ranges.h"
#include "gato/pack/mixture.h"

namespace gato::pack {

// Tokens [begin, end) of a document.
struct Window {
  int64_t document = 0;
  int64_t begin = 0, end = 0;
  bool is_prompt = false;
  bool is_cut = false;  // of a run of steps that no row can hold
};

struct RowPlan {
  size_t entry = 0;    // of the mixture
  size_t stratum = 0;  // of the entry: its documents of one task
  int32_t task = 0;
  std::vector<Window> windows;  // in order; at most 256, at most L tokens
};

struct PackingOptions {
  int64_t length = 1024;     // L
  int64_t window_steps = 0;  // W; 0: windows as long as the row has room
  uint64_t seed = 0;
};

// Draws the plan of any sequence by itself: a plan depends on the seed, the
// sequence and the corpus alone.
//
// The entry is the place of the sequence in a golden-ratio sequence (Weyl), so
// that any run of sequences has the shares of the weights to within a few.
//
// Without window_steps, a document is drawn in proportion to the rows it fills,
// ceil(tokens / L). One that fits is read from its start; of a longer one the
// start is uniform over (-room, tokens), taken as 0 where negative and rounded
// down to a step of an episode. So no token is read more seldom than another,
// and those of the first `room` up to twice as often. (Starts uniform over the
// steps would show the first step, which every rollout begins with, in one of
// as many windows as the episode has steps.) A text document longer than L
// starts at any token.
//
// With window_steps W, a window is drawn uniformly over all runs of W steps (an
// episode of fewer steps is one window, so is a document that is no episode),
// all of one task in a row: what a row has shown so far then names the task, as
// a policy's own past does in a rollout. A window that does not fit whole is
// left out and the row padded, because what a cut loses first are the actions,
// the very targets. One that no row can hold is cut at the end of a row of its
// own, and text longer than a row is cut.
//
// With documents_per_sequence N of an entry, a row holds N of its documents one
// after another; if they are longer than the row it shows L tokens of them,
// from a place drawn uniformly (paper 2.3: five pairs, padded or cropped at
// random).
class SequenceSampler {
 public:
  static constexpr size_t max_windows = 256;  // segments are uint8

  // The documents of one task within an entry.
  struct Stratum {
    int32_t task = 0;
    WeightedSampler documents;
  };

  // Both must outlive the sampler.
  SequenceSampler(const Corpus& corpus,
                  const std::vector<MixtureEntry>& mixture,
                  const PackingOptions& options);

  RowPlan plan(int64_t sequence) const;
  // One list an entry, in the order of its tasks.
  const std::vector<std::vector<Stratum>>& strata() const { return strata_; }
  // Of all sequences, the part that an entry's stratum is to get.
  double share(size_t entry, size_t stratum) const;

 private:
  int64_t weight(int64_t document) const;
  int64_t sample_document(const Stratum& stratum,
                          base::RandomStream& stream) const;
  // An empty window where none fits into `room` tokens.
  Window sample_window(int64_t document, int64_t room,
                       base::RandomStream& stream) const;
  Window sample_step_window(int64_t document, int64_t room,
                            base::RandomStream& stream) const;
  Window sample_prompt(int64_t beside, base::RandomStream& stream) const;
  std::vector<Window> sample_documents(const Stratum& stratum, int64_t count,
                                       base::RandomStream& stream) const;

  const Corpus& corpus_;
  const std::vector<MixtureEntry>& mixture_;
  PackingOptions options_;
  std::vector<std::vector<Stratum>> strata_;
  std::vector<std::vector<int64_t>>
      stratum_cumulative_weights_;               // [entry]: cumulative weight
  std::vector<double> entry_cumulative_shares_;  // cumulative share
  // Episodes of a (task, source), ascending: where prompts come from.
  std::map<std::pair<int32_t, int32_t>, IndexRanges> prompt_candidates_;
};

}  // namespace gato::pack
