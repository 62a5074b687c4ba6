// Chooses the windows of documents that make up a sequence.
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
  bool is_cut = false;  // the first tokens of a window that exceeds a row
};

struct RowPlan {
  size_t entry = 0;    // index in the mixture
  size_t stratum = 0;  // index in the strata of the entry
  int32_t task = 0;
  std::vector<Window> windows;  // in order; at most 256, at most L tokens
};

struct PackingOptions {
  int64_t length = 1024;     // L
  int64_t window_steps = 0;  // W; 0: windows are as long as fits in the row
  uint64_t seed = 0;
};

// Samples the plan of any sequence independently: a plan depends only on the
// seed, the index of the sequence and the corpus.
//
// The mixture entry of a sequence is determined by a golden-ratio (Weyl)
// sequence, so that in any range of sequences the number of those of an entry
// differs from its share by only a few.
//
// Without window_steps, a document is sampled in proportion to the number of
// rows that it fills, ceil(tokens / L). If it fits into the row, it is used
// from its start. Otherwise the start of its window is uniform over (-room,
// tokens), clipped to 0, and rounded down to a time step of an episode. Thus no
// token is used less often than another, and the first `room` tokens are used
// up to twice as often. (With starts uniform over the steps, the first step,
// with which every rollout begins, would be in only one of as many windows as
// the episode has steps.) A text longer than L may start at any token.
//
// If window_steps is W > 0, a window is uniform over all runs of W consecutive
// steps of all episodes of a task; an episode of fewer steps is one window, and
// so is a document that is not an episode. All windows of a row are of one
// task: the earlier windows of a row then identify the task, as a policy's own
// history does in a rollout. A window that does not fit into the rest of a row
// is dropped and the row is padded, because truncation would remove the actions
// first, which are the targets. Only a window longer than an entire row is
// truncated, in a separate row, and so is text longer than a row.
//
// If an entry has documents_per_sequence N, a row contains N of its documents,
// one after another. If they are longer than the row, the row is a window of L
// of their tokens at a uniform offset (Reed et al. 2022, section 2.3: five
// pairs, padded or cropped at random).
class SequenceSampler {
 public:
  static constexpr size_t kMaxWindows = 256;  // segment ids are uint8

  // The documents of one task within an entry.
  struct Stratum {
    int32_t task = 0;
    WeightedSampler documents;
  };

  // The corpus and the mixture must outlive this object.
  SequenceSampler(const Corpus& corpus,
                  const std::vector<MixtureEntry>& mixture,
                  const PackingOptions& options);

  RowPlan plan(int64_t sequence) const;
  // [entry][stratum], in the order of the tasks.
  const std::vector<std::vector<Stratum>>& strata() const { return strata_; }
  // Returns the fraction of all sequences that a stratum of an entry should
  // get.
  double share(size_t entry, size_t stratum) const;

 private:
  int64_t weight(int64_t document) const;
  int64_t sample_document(const Stratum& stratum,
                          base::RandomStream& stream) const;
  // These two return an empty window if none fits into `room` tokens.
  Window sample_window(int64_t document, int64_t room,
                       base::RandomStream& stream) const;
  Window sample_step_window(int64_t document, int64_t room,
                            base::RandomStream& stream) const;
  // Samples a prompt for `document` from another episode of its task and
  // source.
  Window sample_prompt(int64_t document, base::RandomStream& stream) const;
  std::vector<Window> sample_documents(const Stratum& stratum, int64_t count,
                                       base::RandomStream& stream) const;

  const Corpus& corpus_;
  const std::vector<MixtureEntry>& mixture_;
  PackingOptions options_;
  std::vector<std::vector<Stratum>> strata_;
  std::vector<std::vector<int64_t>> stratum_cumulative_weights_;  // [entry]
  std::vector<double> entry_cumulative_shares_;
  // The episodes of each (task, source), in ascending order.
  std::map<std::pair<int32_t, int32_t>, IndexRanges> prompt_candidates_;
};

}  // namespace gato::pack
