#include "gato/pack/sequence_sampler.h"

#include <algorithm>

// The documents of an entry are grouped by task into strata. A plan is made in
// four steps: the entry from the golden-ratio sequence, the stratum and the
// first document from the random stream of the sequence, perhaps a prompt, and
// then windows of documents of the stratum until the row is full.

namespace gato::pack {
namespace {

// Keys of the random streams for the plans and for the order of the entries.
constexpr uint64_t kPackingKey = 0x7061636b;
constexpr uint64_t kEntryKey = 0x656e7472;
constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 (sqrt(5) - 1) / 2

// Returns the index of the interval that contains `value`, given the ends of
// the intervals: that of the first end above it.
template <class T>
size_t find_interval(const std::vector<T>& ends, T value) {
  return std::ranges::upper_bound(ends, value) - ends.begin();
}

}  // namespace

SequenceSampler::SequenceSampler(const Corpus& corpus,
                                 const std::vector<MixtureEntry>& mixture,
                                 const PackingOptions& options)
    : corpus_(corpus), mixture_(mixture), options_(options) {
  double total_weight = 0;
  for (const MixtureEntry& entry : mixture) {
    total_weight += entry.weight;
  }
  double share = 0;
  for (const MixtureEntry& entry : mixture) {
    std::map<int32_t, Stratum> by_task;
    for (const Corpus::Range& range : corpus.documents_of(entry)) {
      for (int64_t d = range.begin; d < range.end; ++d) {
        if (corpus.tokens(d) == 0) {
          continue;
        }
        Stratum& stratum = by_task[corpus.task(d)];
        stratum.task = corpus.task(d);
        stratum.documents.add(d, weight(d));
      }
    }
    std::vector<Stratum>& strata = strata_.emplace_back();
    std::vector<int64_t>& ends = stratum_cumulative_weights_.emplace_back();
    for (auto& [task, stratum] : by_task) {
      ends.push_back((ends.empty() ? 0 : ends.back()) +
                     stratum.documents.total_weight());
      strata.push_back(std::move(stratum));
    }
    entry_cumulative_shares_.push_back(share += entry.weight / total_weight);
  }
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    if (corpus.is_episode(d) && corpus.tokens(d) > 0) {
      prompt_candidates_[{corpus.task(d), corpus.source(d)}].add(d);
    }
  }
}

int64_t SequenceSampler::weight(int64_t document) const {
  if (options_.window_steps > 0 && corpus_.is_episode(document)) {
    return std::max<int64_t>(
        1, corpus_.steps(document) - options_.window_steps + 1);
  }
  return (corpus_.tokens(document) + options_.length - 1) / options_.length;
}

double SequenceSampler::share(size_t entry, size_t stratum) const {
  const double before = entry == 0 ? 0 : entry_cumulative_shares_[entry - 1];
  return (entry_cumulative_shares_[entry] - before) *
         strata_[entry][stratum].documents.total_weight() /
         stratum_cumulative_weights_[entry].back();
}

int64_t SequenceSampler::sample_document(const Stratum& stratum,
                                         base::RandomStream& stream) const {
  const WeightedSampler& documents = stratum.documents;
  const auto value =
      static_cast<int64_t>(stream.uniform_int(documents.total_weight()));
  return documents.sample(value, [this](int64_t d) { return weight(d); });
}

Window SequenceSampler::sample_window(int64_t document, int64_t room,
                                      base::RandomStream& stream) const {
  const int64_t tokens = corpus_.tokens(document);
  const bool is_episode = corpus_.is_episode(document);
  // A text that fits into an entire row is used from its start, even if the
  // rest of this row is shorter: the end of a caption says little without its
  // image.
  const int64_t reach = is_episode ? room : options_.length;
  int64_t begin = 0;
  if (tokens > reach) {
    begin = static_cast<int64_t>(stream.uniform_int(tokens + reach - 1)) -
            (reach - 1);
    begin = std::max<int64_t>(begin, 0);
    if (is_episode) {
      begin = corpus_.step_offset(document, corpus_.step_at(document, begin));
    }
  }
  return {document, begin, std::min(tokens, begin + room), false};
}

Window SequenceSampler::sample_step_window(int64_t document, int64_t room,
                                           base::RandomStream& stream) const {
  if (!corpus_.is_episode(document)) {
    const int64_t tokens = corpus_.tokens(document);
    if (tokens <= options_.length && tokens > room) {
      return {document, 0, 0};
    }
    return sample_window(document, room, stream);
  }
  const int64_t steps = corpus_.steps(document);
  const int64_t starts =
      std::max<int64_t>(1, steps - options_.window_steps + 1);
  const auto first = static_cast<int64_t>(stream.uniform_int(starts));
  const int64_t last = std::min(steps, first + options_.window_steps);
  const int64_t begin = corpus_.step_offset(document, first);
  const int64_t end = corpus_.step_offset(document, last);
  if (end - begin <= room) {
    return {document, begin, end};
  }
  // A window longer than an entire row is truncated, in a separate row.
  if (room == options_.length) {
    return {document, begin, begin + room, false, /*is_cut=*/true};
  }
  return {document, begin, begin};
}

Window SequenceSampler::sample_prompt(int64_t document,
                                      base::RandomStream& stream) const {
  const IndexRanges& candidates =
      prompt_candidates_.at({corpus_.task(document), corpus_.source(document)});
  // Uniform over the candidates other than the document itself.
  auto index = static_cast<int64_t>(stream.uniform_int(candidates.size() - 1));
  if (index >= candidates.index_of(document)) {
    ++index;
  }
  const int64_t prompt = candidates.at(index);

  const int64_t max_tokens = options_.length / 2;
  const int64_t steps = corpus_.steps(prompt);
  const int64_t tokens = corpus_.tokens(prompt);
  const auto offset = [&](int64_t step) {
    return corpus_.step_offset(prompt, step);
  };
  // A random number of complete steps, at least one. Half of the prompts end
  // where the episode ends, so that they show the goal.
  int64_t first, last;
  if (stream.uniform() < 0.5) {
    last = steps;
    const int64_t earliest =
        tokens <= max_tokens
            ? 0
            : corpus_.step_at(prompt, tokens - max_tokens - 1) + 1;
    const int64_t choices = std::max<int64_t>(1, steps - earliest);
    first = steps - 1 - static_cast<int64_t>(stream.uniform_int(choices));
  } else {
    first = static_cast<int64_t>(stream.uniform_int(steps));
    const int64_t limit = offset(first) + max_tokens;
    const int64_t latest =
        limit >= tokens ? steps : corpus_.step_at(prompt, limit);
    const int64_t choices = std::max<int64_t>(1, latest - first);
    last = first + 1 + static_cast<int64_t>(stream.uniform_int(choices));
  }
  const int64_t begin = offset(first);
  return {prompt, begin, std::min(offset(last), begin + max_tokens), true};
}

std::vector<Window> SequenceSampler::sample_documents(
    const Stratum& stratum, int64_t count, base::RandomStream& stream) const {
  std::vector<Window> windows;
  int64_t tokens = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t document = sample_document(stratum, stream);
    windows.push_back({document, 0, corpus_.tokens(document), false});
    tokens += windows.back().end;
  }
  if (tokens <= options_.length) {
    return windows;
  }
  const auto first =
      static_cast<int64_t>(stream.uniform_int(tokens - options_.length + 1));
  const int64_t last = first + options_.length;
  // The windows so far are complete documents. Crop them to the tokens [first,
  // last) of their concatenation.
  int64_t position = 0;  // of the first token of the document
  for (Window& window : windows) {
    const int64_t size = window.end;
    window.begin = std::clamp<int64_t>(first - position, 0, size);
    window.end = std::clamp<int64_t>(last - position, 0, size);
    position += size;
  }
  std::erase_if(windows, [](const Window& w) { return w.begin == w.end; });
  return windows;
}

RowPlan SequenceSampler::plan(int64_t sequence) const {
  // The fractional parts of multiples of the golden ratio are the most evenly
  // distributed ones; the top 53 bits are such a number in [0, 1).
  const auto q = static_cast<uint64_t>(sequence);
  const uint64_t weyl_point =
      base::random_bits(options_.seed, {kEntryKey}) + q * kGoldenRatio;
  RowPlan plan;
  plan.entry = std::min(
      find_interval(entry_cumulative_shares_, (weyl_point >> 11) * 0x1p-53),
      entry_cumulative_shares_.size() - 1);
  const MixtureEntry& entry = mixture_[plan.entry];

  base::RandomStream stream(options_.seed, {kPackingKey, q});
  const std::vector<int64_t>& ends = stratum_cumulative_weights_[plan.entry];
  plan.stratum = find_interval(
      ends, static_cast<int64_t>(stream.uniform_int(ends.back())));
  const Stratum& stratum = strata_[plan.entry][plan.stratum];
  plan.task = stratum.task;
  if (entry.documents_per_sequence > 0) {
    plan.windows =
        sample_documents(stratum, entry.documents_per_sequence, stream);
    return plan;
  }

  int64_t room = options_.length;
  int64_t document = sample_document(stratum, stream);
  if (options_.window_steps == 0 && corpus_.is_episode(document) &&
      prompt_candidates_.at({plan.task, corpus_.source(document)}).size() >=
          2 &&
      stream.uniform() < entry.prompt_fraction) {
    plan.windows.push_back(sample_prompt(document, stream));
    room -= plan.windows.back().end - plan.windows.back().begin;
  }
  while (plan.windows.size() < kMaxWindows) {
    const Window window = options_.window_steps > 0
                              ? sample_step_window(document, room, stream)
                              : sample_window(document, room, stream);
    if (window.begin == window.end) {
      break;
    }
    plan.windows.push_back(window);
    room -= window.end - window.begin;
    if (room == 0 || entry.fill == Fill::pad) {
      break;
    }
    document = sample_document(stratum, stream);
  }
  return plan;
}

}  // namespace gato::pack
