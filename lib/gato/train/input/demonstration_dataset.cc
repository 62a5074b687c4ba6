#include "gato/train/input/demonstration_dataset.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/token_columns.h"
#include "gato/ingest/episodes/usable_episodes.h"
#include "gato/tokenize/document_encoder.h"
#include "gato/train/input/document_data.h"

// An episode is encoded twice: by validate(), which keeps nothing, and by
// load() if a run uses it. A dataset can be much larger than the few episodes
// of a few-shot run.

namespace gato::train {
namespace {

constexpr int64_t kMinSequences = 1024;

// The roles that the model knows the task's observations by.
std::map<std::string, data::Role> known_roles(const data::TaskEntry& entry) {
  std::map<std::string, data::Role> roles;
  for (const auto* fields :
       {&entry.spec.observation_fields, &entry.spec.action_fields}) {
    for (const data::Field& field : *fields) {
      roles[field.name] = field.role;
    }
  }
  return roles;
}

// Rows packed from some of the demonstrations in a table. Runs with other
// numbers of demonstrations select from the same table.
class DemonstrationSequences : public DocumentData {
 public:
  DemonstrationSequences(const DemonstrationDataset& dataset,
                         const pack::DocumentSelection& selection,
                         const pack::PackingOptions& options)
      : DocumentData(selection, options, kMinSequences), dataset_(dataset) {}
  void record_inputs(data::Provenance& provenance) const override {
    dataset_.record_inputs(provenance);
  }

 private:
  const DemonstrationDataset& dataset_;
};

}  // namespace

DemonstrationDataset::DemonstrationDataset(const std::filesystem::path& dataset,
                                           const model::ModelConfig& config,
                                           int64_t max_episode_steps)
    : dataset_path_(dataset), config_(config) {
  ingest::EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  source_ = ingest::open_episodes(dataset, options);
  if (const auto known = config.tasks.find(source_->spec().name)) {
    const data::TaskEntry& entry = config.tasks.tasks[*known];
    options.roles = known_roles(entry);
    source_ = ingest::open_episodes(dataset, options);
  }
  codec_.emplace(tokenize::TaskCodec::for_dataset(
      source_->spec(), config.vocabulary, config.tasks));
}

data::TaskTable DemonstrationDataset::tasks() const {
  data::TaskEntry entry;
  entry.spec = source_->spec();
  entry.image_height = codec_->resize().height;
  entry.image_width = codec_->resize().width;
  data::TaskTable tasks;
  tasks.tasks = {std::move(entry)};
  tasks.sources = {source_->agent().empty() ? "unknown" : source_->agent()};
  return tasks;
}

const std::vector<Demonstration>& DemonstrationDataset::validate() {
  ingest::UsableEpisodes episodes(*source_);
  tokenize::OutOfRangeTally outside;
  usable_episodes_.clear();
  while (true) {
    const auto next = episodes.next();
    if (next.error) {
      std::rethrow_exception(next.error);
    }
    if (!next.value) {
      break;
    }
    const ingest::UsableEpisode& usable = *next.value;
    usable.deferred_reads->run(*usable.episode);
    tokenize::OutOfRangeTally tally;
    encode(*usable.episode, tally);
    outside.add_document(tally, episode_location(*usable.episode));
    usable_episodes_.push_back(
        {.number = usable.episode->id,
         .index = usable.index,
         .total_reward = usable.episode->total_reward()});
  }
  const ingest::EpisodeCounts& counts = episodes.counts();
  for (const std::string& notice : source_->warnings()) {
    spdlog::warn("{}: {}", dataset_path_.string(), notice);
  }
  outside.warn(source_->spec().name);
  if (counts.failed + counts.empty > 0) {
    spdlog::warn("{}: {} episodes are not used: {} failed, {} without a step",
                 dataset_path_.string(), counts.failed + counts.empty,
                 counts.failed, counts.empty);
  }
  if (usable_episodes_.empty()) {
    throw base::input_error("{} contains no episode that did not fail",
                            dataset_path_.string());
  }
  return usable_episodes_;
}

std::string DemonstrationDataset::episode_location(
    const data::Episode& episode) const {
  return fmt::format("{}: episode {}", dataset_path_.string(), episode.id);
}

data::TokenizedDocument DemonstrationDataset::encode(
    const data::Episode& episode, tokenize::OutOfRangeTally& outside) const {
  return base::with_context(episode_location(episode), [&] {
    return tokenize::encode_episode(episode, codec_->step_encoder(), &outside);
  });
}

void DemonstrationDataset::load(const std::set<int64_t>& episode_indices) {
  data::TokenColumns columns;
  loaded_documents_.clear();
  for (int64_t index : episode_indices) {
    const data::Episode episode =
        source_->read_episode(usable_episodes_.at(index).index);
    tokenize::OutOfRangeTally ignored;  // reported by validate()
    loaded_documents_[index] = columns.document_count();
    columns.append(encode(episode, ignored));
  }
  loaded_ =
      std::make_shared<const data::TokenTable>(std::move(columns).to_table(
          dataset_path_.string(), config_.vocabulary, tasks()));
}

std::unique_ptr<TrainingData> DemonstrationDataset::sample_sequences(
    const std::vector<int64_t>& episode_indices, uint64_t seed) const {
  pack::DocumentSelection selection{.table = loaded_, .documents = {}};
  for (int64_t index : episode_indices) {
    selection.documents.push_back(loaded_documents_.at(index));
  }
  return std::make_unique<DemonstrationSequences>(
      *this, selection,
      pack::PackingOptions{config_.context, config_.window_steps, seed});
}

void DemonstrationDataset::record_inputs(data::Provenance& provenance) const {
  provenance.add_input(source_->file());
  provenance.add_parent(source_->provenance());
}

}  // namespace gato::train
