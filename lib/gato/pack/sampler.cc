#include "gato/pack/sampler.h"

#include <algorithm>

namespace gato {
namespace {

constexpr uint64_t kPacking = 0x7061636b;  // keys this program's draws
constexpr uint64_t kEntries = 0x656e7472;  // and the mixture's
constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 (sqrt(5) - 1) / 2

// Index of the first end above `value`: the interval that holds it.
template <class T>
size_t interval_of(const std::vector<T>& ends, T value) {
  return std::ranges::upper_bound(ends, value) - ends.begin();
}

}  // namespace

Sampler::Sampler(const Corpus& corpus, const std::vector<MixtureEntry>& mixture,
                 const SamplerOptions& options)
    : corpus_(corpus), mixture_(mixture), options_(options) {
  double all_weights = 0;
  for (const MixtureEntry& entry : mixture) all_weights += entry.weight;
  double share = 0;
  for (const MixtureEntry& entry : mixture) {
    std::map<int32_t, Stratum> by_task;
    for (const auto& file : entry.files) {
      const Corpus::Range range = corpus.documents_of(file);
      for (int64_t d = range.first; d < range.last; ++d) {
        if (corpus.tokens(d) == 0) continue;
        Stratum& stratum = by_task[corpus.task(d)];
        stratum.task = corpus.task(d);
        stratum.documents.add(d, weight(d));
      }
    }
    std::vector<Stratum>& strata = strata_.emplace_back();
    std::vector<int64_t>& ends = stratum_ends_.emplace_back();
    for (auto& [task, stratum] : by_task) {
      ends.push_back((ends.empty() ? 0 : ends.back()) +
                     stratum.documents.total());
      strata.push_back(std::move(stratum));
    }
    entry_ends_.push_back(share += entry.weight / all_weights);
  }
  for (int64_t d = 0; d < corpus.documents(); ++d)
    if (corpus.is_episode(d) && corpus.tokens(d) > 0)
      episodes_[{corpus.task(d), corpus.source(d)}].add(d);
}

int64_t Sampler::weight(int64_t document) const {
  if (options_.window_steps > 0 && corpus_.is_episode(document))
    return std::max<int64_t>(
        1, corpus_.steps(document) - options_.window_steps + 1);
  return (corpus_.tokens(document) + options_.length - 1) / options_.length;
}

double Sampler::share(size_t entry, size_t stratum) const {
  const double before = entry == 0 ? 0 : entry_ends_[entry - 1];
  return (entry_ends_[entry] - before) *
         strata_[entry][stratum].documents.total() /
         stratum_ends_[entry].back();
}

int64_t Sampler::draw_document(const Stratum& stratum,
                               RandomStream& stream) const {
  const WeightedDocuments& documents = stratum.documents;
  const auto value = static_cast<int64_t>(stream.below(documents.total()));
  return documents.draw(value, [this](int64_t d) { return weight(d); });
}

Window Sampler::draw_window(int64_t document, int64_t room,
                            RandomStream& stream) const {
  const int64_t tokens = corpus_.tokens(document);
  const bool is_episode = corpus_.is_episode(document);
  // A text that would fit a row of its own is read from its start even where
  // the rest of this row is short: a caption's end says little without its
  // image.
  const int64_t reach = is_episode ? room : options_.length;
  int64_t begin = 0;
  if (tokens > reach) {
    begin =
        static_cast<int64_t>(stream.below(tokens + reach - 1)) - (reach - 1);
    begin = std::max<int64_t>(begin, 0);
    if (is_episode)
      begin = corpus_.step_offset(document, corpus_.step_at(document, begin));
  }
  return {document, begin, std::min(tokens, begin + room), false};
}

Window Sampler::draw_run_of_steps(int64_t document, int64_t room,
                                  RandomStream& stream) const {
  if (!corpus_.is_episode(document)) {
    const int64_t tokens = corpus_.tokens(document);
    if (tokens <= options_.length && tokens > room) return {document, 0, 0};
    return draw_window(document, room, stream);
  }
  const int64_t steps = corpus_.steps(document);
  const int64_t starts =
      std::max<int64_t>(1, steps - options_.window_steps + 1);
  const auto first = static_cast<int64_t>(stream.below(starts));
  const int64_t last = std::min(steps, first + options_.window_steps);
  const int64_t begin = corpus_.step_offset(document, first);
  const int64_t end = corpus_.step_offset(document, last);
  if (end - begin <= room) return {document, begin, end};
  // A run that no row can hold is cut, in a row of its own.
  if (room == options_.length)
    return {document, begin, begin + room, false, /*is_cut=*/true};
  return {document, begin, begin};
}

Window Sampler::draw_prompt(int64_t beside, RandomStream& stream) const {
  const DocumentRuns& candidates =
      episodes_.at({corpus_.task(beside), corpus_.source(beside)});
  auto other = static_cast<int64_t>(stream.below(candidates.size() - 1));
  if (other >= candidates.place_of(beside)) ++other;
  const int64_t document = candidates.at(other);

  const int64_t longest = options_.length / 2;
  const int64_t steps = corpus_.steps(document);
  const int64_t tokens = corpus_.tokens(document);
  const auto offset = [&](int64_t step) {
    return corpus_.step_offset(document, step);
  };
  int64_t first, last;           // whole steps, as many as drawn, at least one
  if (stream.uniform() < 0.5) {  // up to the episode's end: the goal
    last = steps;
    const int64_t earliest =
        tokens <= longest ? 0
                          : corpus_.step_at(document, tokens - longest - 1) + 1;
    const int64_t most = std::max<int64_t>(1, steps - earliest);
    first = steps - 1 - static_cast<int64_t>(stream.below(most));
  } else {
    first = static_cast<int64_t>(stream.below(steps));
    const int64_t limit = offset(first) + longest;
    const int64_t latest =
        limit >= tokens ? steps : corpus_.step_at(document, limit);
    const int64_t most = std::max<int64_t>(1, latest - first);
    last = first + 1 + static_cast<int64_t>(stream.below(most));
  }
  const int64_t begin = offset(first);
  return {document, begin, std::min(offset(last), begin + longest), true};
}

std::vector<Window> Sampler::draw_documents(const Stratum& stratum,
                                            int64_t count,
                                            RandomStream& stream) const {
  std::vector<Window> windows;
  int64_t tokens = 0;  // of all
  for (int64_t i = 0; i < count; ++i) {
    const int64_t document = draw_document(stratum, stream);
    windows.push_back({document, 0, corpus_.tokens(document), false});
    tokens += windows.back().end;
  }
  if (tokens <= options_.length) return windows;
  const auto first =
      static_cast<int64_t>(stream.below(tokens - options_.length + 1));
  const int64_t last = first + options_.length;
  int64_t place = 0;  // of the window's first token
  for (Window& window : windows) {
    const int64_t size = window.end;
    window.begin = std::clamp<int64_t>(first - place, 0, size);
    window.end = std::clamp<int64_t>(last - place, 0, size);
    place += size;
  }
  std::erase_if(windows, [](const Window& w) { return w.begin == w.end; });
  return windows;
}

RowPlan Sampler::plan(int64_t sequence) const {
  const auto q = static_cast<uint64_t>(sequence);
  const uint64_t turn =
      random_bits(options_.seed, {kEntries}) + q * kGoldenRatio;
  RowPlan plan;
  plan.entry = std::min(interval_of(entry_ends_, (turn >> 11) * 0x1p-53),
                        entry_ends_.size() - 1);
  const MixtureEntry& entry = mixture_[plan.entry];

  RandomStream stream(options_.seed, {kPacking, q});
  const std::vector<int64_t>& ends = stratum_ends_[plan.entry];
  plan.stratum =
      interval_of(ends, static_cast<int64_t>(stream.below(ends.back())));
  const Stratum& stratum = strata_[plan.entry][plan.stratum];
  plan.task = stratum.task;
  if (entry.documents_per_sequence > 0) {
    plan.windows =
        draw_documents(stratum, entry.documents_per_sequence, stream);
    return plan;
  }

  int64_t room = options_.length;
  int64_t document = draw_document(stratum, stream);
  if (options_.window_steps == 0 && corpus_.is_episode(document) &&
      episodes_.at({plan.task, corpus_.source(document)}).size() >= 2 &&
      stream.uniform() < entry.prompt_fraction) {
    plan.windows.push_back(draw_prompt(document, stream));
    room -= plan.windows.back().end - plan.windows.back().begin;
  }
  while (plan.windows.size() < maximum_windows) {
    const Window window = options_.window_steps > 0
                              ? draw_run_of_steps(document, room, stream)
                              : draw_window(document, room, stream);
    if (window.begin == window.end) break;
    plan.windows.push_back(window);
    room -= window.end - window.begin;
    if (room == 0 || entry.fill == Fill::pad) break;
    document = draw_document(stratum, stream);
  }
  return plan;
}

}  // namespace gato
