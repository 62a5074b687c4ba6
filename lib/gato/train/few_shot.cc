#include "gato/train/few_shot.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "gato/base/placed.h"
#include "gato/ingest/whole_episodes.h"
#include "gato/pack/packing.h"
#include "gato/pack/write_sequences.h"

namespace gato {
namespace {

constexpr int64_t least_sequences = 1024;

const TaskEntry* find_task(const ModelConfig& config, const std::string& name) {
  for (const TaskEntry& entry : config.tasks.tasks) {
    if (entry.spec.name == name) return &entry;
  }
  return nullptr;
}

// The roles that the model knows the task's observations by.
std::map<std::string, Role> known_roles(const TaskEntry& entry) {
  std::map<std::string, Role> roles;
  for (const auto* fields : {&entry.spec.observation, &entry.spec.action}) {
    for (const Field& field : *fields) roles[field.name] = field.role;
  }
  return roles;
}

bool reads_text(const TaskSpec& spec) {
  return std::any_of(
      spec.observation.begin(), spec.observation.end(),
      [](const Field& field) { return field.role == Role::text; });
}

void pack_all(const std::filesystem::path& tokens,
              const std::filesystem::path& sequences, const ModelConfig& config,
              uint64_t seed, const Provenance& provenance) {
  MixtureEntry entry;
  entry.name = tokens.string();
  entry.files = {tokens};
  const Packing packing({entry}, {config.context, config.window_steps, seed},
                        /*sequences=*/0);
  write_sequences(packing, {0, std::max(least_sequences, packing.sequences())},
                  {sequences, /*force=*/true}, provenance);
}

}  // namespace

Demonstrations::Demonstrations(const std::filesystem::path& dataset,
                               const ModelConfig& config,
                               int64_t max_episode_steps)
    : dataset_(dataset), config_(config) {
  EpisodeSourceOptions options;
  options.max_episode_steps = max_episode_steps;
  source_ = open_episodes(dataset, options);
  if (const TaskEntry* known = find_task(config, source_->spec().name)) {
    options.roles = known_roles(*known);
    source_ = open_episodes(dataset, options);
    resize_ = {known->image_height, known->image_width};
  }
  if (reads_text(source_->spec())) {
    text_.emplace(config.vocabulary.sentencepiece);
  }
  encoder_.emplace(source_->spec(), config.vocabulary,
                   text_ ? &*text_ : nullptr, resize_);
}

TaskTable Demonstrations::tasks() const {
  TaskEntry entry;
  entry.spec = source_->spec();
  entry.image_height = resize_.height;
  entry.image_width = resize_.width;
  TaskTable tasks;
  tasks.tasks = {std::move(entry)};
  tasks.sources = {source_->source().empty() ? "unknown" : source_->source()};
  return tasks;
}

int64_t Demonstrations::check() {
  EpisodeCounts counts;
  OutsideSummary outside;
  usable_.clear();
  for_each_whole_episode(
      *source_, counts,
      [&](int64_t number, std::shared_ptr<Episode> episode,
          std::shared_ptr<DeferredReads> later) {
        later->run(*episode);
        OutsideTally tally;
        encode(*episode, tally);
        outside.add(source_->spec().name, tally, place_of(*episode));
        usable_.push_back(number);
      },
      [] { throw; });
  for (const std::string& notice : source_->notices()) {
    spdlog::warn("{}: {}", dataset_.string(), notice);
  }
  outside.warn();
  if (counts.failed + counts.empty > 0) {
    spdlog::warn("{}: {} episodes are left out: {} failed, {} without a step",
                 dataset_.string(), counts.failed + counts.empty, counts.failed,
                 counts.empty);
  }
  if (usable_.empty()) {
    throw input_error("{} holds no episode that did not fail",
                      dataset_.string());
  }
  return std::ssize(usable_);
}

std::string Demonstrations::place_of(const Episode& episode) const {
  return fmt::format("{}: episode {}", dataset_.string(), episode.id);
}

TokenizedDocument Demonstrations::encode(const Episode& episode,
                                         OutsideTally& outside) const {
  return placed(place_of(episode),
                [&] { return encode_episode(episode, *encoder_, &outside); });
}

std::filesystem::path Demonstrations::write(
    const std::filesystem::path& directory, const std::vector<int64_t>& chosen,
    uint64_t seed, const Provenance& provenance) {
  const std::filesystem::path sequences = directory / "sequences.h5";
  write_tokens(directory / "tokens.h5", chosen, provenance);
  pack_all(directory / "tokens.h5", sequences, config_, seed, provenance);
  return sequences;
}

void Demonstrations::write_tokens(const std::filesystem::path& path,
                                  const std::vector<int64_t>& chosen,
                                  const Provenance& provenance) {
  TaskTable tasks = this->tasks();
  TaskEntry& entry = tasks.tasks[0];
  TokenFileWriter writer(path, /*force=*/true, config_.vocabulary);
  for (int64_t number : chosen) {
    const Episode episode = source_->episode(usable_.at(size_t(number)));
    OutsideTally ignored;  // told by check()
    writer.append(encode(episode, ignored));
    ++entry.episodes;
    entry.steps += episode.steps();
  }
  writer.commit(tasks, provenance);
}

}  // namespace gato
