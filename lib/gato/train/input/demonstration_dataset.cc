#include "gato/train/input/demonstration_dataset.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/usable_episodes.h"
#include "gato/pack/packed_dataset.h"
#include "gato/pack/write_sequences.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::train {
namespace {

constexpr int64_t kMinSequences = 1024;

// The roles that the model knows the task's observations by.
std::map<std::string, data::Role> known_roles(const data::TaskEntry& entry) {
  std::map<std::string, data::Role> roles;
  for (const auto* fields :
       {&entry.spec.observation_fields, &entry.spec.action_fields}) {
    for (const data::Field& field : *fields) roles[field.name] = field.role;
  }
  return roles;
}

void pack_tokens(const std::filesystem::path& tokens,
                 const std::filesystem::path& sequences,
                 const model::ModelConfig& config, uint64_t seed,
                 const data::Provenance& provenance) {
  pack::MixtureEntry entry;
  entry.name = tokens.string();
  entry.files = {tokens};
  const pack::PackedDataset packing({entry},
                                    {config.context, config.window_steps, seed},
                                    /*sequences=*/0);
  pack::write_sequences(packing,
                        {0, std::max(kMinSequences, packing.sequences())},
                        {sequences, /*force=*/true}, provenance);
}

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

int64_t DemonstrationDataset::validate() {
  ingest::UsableEpisodes episodes(*source_);
  tokenize::OutOfRangeTally outside;
  usable_episodes_.clear();
  while (true) {
    const auto next = episodes.next();
    if (next.error) std::rethrow_exception(next.error);
    if (!next.value) break;
    const ingest::UsableEpisode& usable = *next.value;
    usable.deferred_reads->run(*usable.episode);
    tokenize::OutOfRangeTally tally;
    encode(*usable.episode, tally);
    outside.add_document(tally, episode_location(*usable.episode));
    usable_episodes_.push_back(usable.index);
  }
  const ingest::EpisodeCounts& counts = episodes.counts();
  for (const std::string& notice : source_->warnings()) {
    spdlog::warn("{}: {}", dataset_path_.string(), notice);
  }
  outside.warn(source_->spec().name);
  if (counts.failed + counts.empty > 0) {
    spdlog::warn("{}: {} episodes are left out: {} failed, {} without a step",
                 dataset_path_.string(), counts.failed + counts.empty,
                 counts.failed, counts.empty);
  }
  if (usable_episodes_.empty()) {
    throw base::input_error("{} holds no episode that did not fail",
                            dataset_path_.string());
  }
  return std::ssize(usable_episodes_);
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

std::filesystem::path DemonstrationDataset::pack_episodes(
    const std::filesystem::path& directory,
    const std::vector<int64_t>& episode_indices, uint64_t seed,
    const data::Provenance& provenance) {
  const std::filesystem::path sequences = directory / "sequences.h5";
  write_tokens(directory / "tokens.h5", episode_indices, provenance);
  pack_tokens(directory / "tokens.h5", sequences, config_, seed, provenance);
  return sequences;
}

void DemonstrationDataset::write_tokens(
    const std::filesystem::path& path,
    const std::vector<int64_t>& episode_indices,
    const data::Provenance& provenance) {
  data::TaskTable tasks = this->tasks();
  data::TaskEntry& entry = tasks.tasks[0];
  data::TokenFileWriter writer(path, /*force=*/true, config_.vocabulary);
  for (int64_t number : episode_indices) {
    const data::Episode episode =
        source_->read_episode(usable_episodes_.at(size_t(number)));
    tokenize::OutOfRangeTally ignored;  // told by check()
    writer.append(encode(episode, ignored));
    ++entry.episode_count;
    entry.step_count += episode.step_count();
  }
  writer.commit(tasks, provenance);
}

}  // namespace gato::train
