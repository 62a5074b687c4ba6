#include "gato/pack/packed_dataset.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gato/base/error.h"

// The members depend on each other in the order of their declaration: entries
// without documents in the corpus are removed from the mixture, and the sampler
// is made from what is left.

namespace gato::pack {
namespace {

const std::vector<MixtureEntry>& checked_mixture(
    const std::vector<MixtureEntry>& mixture, const PackingOptions& options) {
  for (const MixtureEntry& entry : mixture) {
    if (options.window_steps > 0 && entry.fill == Fill::pad) {
      throw base::usage_error(
          "{}: fill \"pad\" (one document per sequence) cannot be combined "
          "with --window-steps (many windows per sequence)",
          entry.name);
    }
  }
  return mixture;
}

// Removes the entries without documents, such as the files of shards of
// gato-tokenize that happened to contain none.
std::vector<MixtureEntry> without_empty_entries(
    std::vector<MixtureEntry> mixture, const Corpus& corpus) {
  std::erase_if(mixture, [&corpus](const MixtureEntry& entry) {
    const bool is_empty = std::ranges::all_of(
        corpus.documents_of(entry),
        [](const auto& range) { return range.begin == range.end; });
    if (is_empty) {
      spdlog::warn("{}: contains no documents; ignored", entry.name);
    }
    return is_empty;
  });
  return mixture;
}

void check_image_size(const MixtureEntry& entry, const data::TaskEntry& task) {
  const tokenize::Resize& wanted = entry.resize;
  if (wanted.height == 0 || (task.image_height == wanted.height &&
                             task.image_width == wanted.width)) {
    return;
  }
  const std::string found =
      task.image_height == 0
          ? "images of their original sizes"
          : fmt::format("{}x{}", task.image_height, task.image_width);
  throw base::usage_error(
      "{}: the mixture requires images of {}x{}, but task \"{}\" was tokenized "
      "with {}: run gato-tokenize with --resize {}x{}",
      entry.name, wanted.height, wanted.width, task.spec.name, found,
      wanted.height, wanted.width);
}

// Checks the options of an entry that depend on its tasks.
void check_tasks(const MixtureEntry& entry,
                 const std::vector<SequenceSampler::Stratum>& strata,
                 const data::TaskTable& tasks) {
  for (const SequenceSampler::Stratum& stratum : strata) {
    const data::TaskEntry& task = tasks.tasks[stratum.task];
    check_image_size(entry, task);
    if (entry.documents_per_sequence > 0 && !task.spec.action_fields.empty()) {
      throw base::usage_error(
          "{}: task \"{}\" has episodes; documents-per-sequence is for text "
          "and for image-text pairs",
          entry.name, task.spec.name);
    }
  }
}

// Returns an entry with this name and the defaults otherwise.
MixtureEntry named_entry(const std::string& name) {
  MixtureEntry entry;
  entry.name = name;
  return entry;
}

}  // namespace

PackedDataset::PackedDataset(const std::vector<MixtureEntry>& mixture,
                             const PackingOptions& options, int64_t sequences)
    : PackedDataset(Corpus(checked_mixture(mixture, options)), mixture, options,
                    sequences) {}

PackedDataset::PackedDataset(const DocumentSelection& documents,
                             const PackingOptions& options)
    : PackedDataset(Corpus(documents), {named_entry(documents.table->name())},
                    options,
                    /*sequences=*/0) {}

PackedDataset::PackedDataset(Corpus corpus,
                             const std::vector<MixtureEntry>& mixture,
                             const PackingOptions& options, int64_t sequences)
    : options_(options),
      corpus_(std::move(corpus)),
      mixture_(without_empty_entries(mixture, corpus_)),
      sampler_(corpus_, mixture_, options_),
      sequences_(sequences > 0 ? sequences
                               : (corpus_.tokens() + options.length - 1) /
                                     options.length) {
  for (size_t e = 0; e < mixture_.size(); ++e) {
    check_tasks(mixture_[e], sampler_.strata()[e], corpus_.tasks());
  }
  corpus_.release_pages();
}

std::vector<data::TokenizedDocument> PackedDataset::demonstrations() const {
  const auto is_better = [this](int64_t document, int64_t other) {
    const double value = corpus_.total_reward(document);
    const double other_value = corpus_.total_reward(other);
    return value > other_value ||
           (std::isnan(other_value) && !std::isnan(value));
  };
  std::vector<int64_t> best(corpus_.tasks().tasks.size(), -1);  // [task]
  for (int64_t d = 0; d < corpus_.documents(); ++d) {
    if (!corpus_.is_episode(d) || corpus_.tokens(d) == 0) {
      continue;
    }
    int64_t& best_of_task = best[corpus_.task(d)];
    if (best_of_task < 0 || is_better(d, best_of_task)) {
      best_of_task = d;
    }
  }
  std::vector<data::TokenizedDocument> documents;
  for (int64_t d : best) {
    if (d < 0) {
      continue;
    }
    documents.push_back(corpus_.read(d, 0, corpus_.tokens(d)).document);
    documents.back().task_index = corpus_.task(d);
    documents.back().source_index = std::max(0, corpus_.source(d));
    documents.back().total_reward = corpus_.total_reward(d);
  }
  return documents;
}

}  // namespace gato::pack
