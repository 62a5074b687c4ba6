#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/format.h"
#include "gato/data/nesting.h"
#include "gato/ingest/column.h"
#include "gato/ingest/minari.h"
#include "gato/ingest/minari_metadata.h"
#include "gato/ingest/numbering.h"
#include "gato/ingest/roles.h"

namespace gato {
namespace {

constexpr const char* newest_version = "0.5";  // of Minari, that is known

// Whether a version like "0.5.3" is newer than that.
bool is_newer(const std::string& version) {
  const auto parts = [](const std::string& text) {
    std::array<int, 2> numbers{};
    std::sscanf(text.c_str(), "%d.%d", &numbers[0], &numbers[1]);
    return numbers;
  };
  return parts(version) > parts(newest_version);
}

class MinariSource : public EpisodeSource {
 public:
  MinariSource(const MinariFiles& files, const EpisodeSourceOptions& options)
      : root_(hdf5::open_file(files.data)),
        reader_(hdf5::reader_of(root_)),
        file_(files.data) {
    numbers_ = numbers_of(root_.names(), "episode_");
    if (numbers_.empty() && files.metadata.empty() &&
        !root_.has_attribute("total_episodes")) {
      throw input_error("{}: this is {}, not a Minari dataset",
                        files.data.string(), describe_kind(root_));
    }
    metadata_ = read_minari_metadata(files, root_, options);
    const int64_t expected = metadata_.total_episodes.value_or(0);
    if (static_cast<int64_t>(numbers_.size()) < expected) {
      throw input_error(
          "{}: holds {} episodes, the metadata says {}: the dataset is damaged",
          files.data.string(), numbers_.size(), expected);
    }
    steps_.assign(numbers_.size(), unread);
    apply_roles(options.roles, root_.label(), metadata_.spec);
  }

  const TaskSpec& spec() const override { return metadata_.spec; }
  std::string source() const override { return metadata_.source; }
  nlohmann::json provenance() const override { return metadata_.provenance; }
  int64_t episodes() const override {
    return static_cast<int64_t>(numbers_.size());
  }
  Episode partial_episode(int64_t i, DeferredReads& later) override;
  std::filesystem::path file() const override { return file_; }
  std::vector<std::string> notices() const override;

 private:
  void read_columns(const hdf5::Group& group, const std::string& parent,
                    const std::vector<Field>& fields,
                    const std::string& bare_name, Episode& episode,
                    DeferredReads::Columns columns, DeferredReads& later) const;
  void note_keys_left(const hdf5::Group& episode, const char* parent,
                      const std::vector<Field>& fields, int64_t number);
  void compare_totals(std::vector<std::string>& notices) const;
  void read_rewards(const hdf5::Group& group, Episode& episode) const;
  void read_infos(const hdf5::Group& group, Episode& episode) const;
  void read_expert(const hdf5::Group& infos, Episode& episode) const;

  hdf5::Group root_;
  std::shared_ptr<const FileReader> reader_;
  std::filesystem::path file_;
  static constexpr int64_t unread = -1;
  std::vector<int64_t> numbers_, steps_;  // steps of the episodes read so far
  MinariMetadata metadata_;
  // (observations or actions, key in no space): episodes that have it.
  std::map<std::pair<std::string, std::string>, std::set<int64_t>> keys_left_;
};

void MinariSource::read_columns(const hdf5::Group& group,
                                const std::string& parent,
                                const std::vector<Field>& fields,
                                const std::string& bare_name, Episode& episode,
                                DeferredReads::Columns columns,
                                DeferredReads& later) const {
  const bool bare = is_bare(fields, bare_name) && !group.is_group(parent);
  for (const Field& field : fields) {
    const std::string place = bare ? parent : parent + "/" + field.name;
    append_column(group.dataset(place), field, reader_, episode, columns,
                  later);
  }
}

// With what the metadata says. Fewer episodes than that are refused.
void MinariSource::compare_totals(std::vector<std::string>& notices) const {
  const auto found = static_cast<int64_t>(numbers_.size());
  if (const auto said = metadata_.total_episodes; said && *said != found) {
    notices.push_back(fmt::format(
        "total_episodes of the metadata is {}, the file holds {} episodes",
        *said, found));
  }
  const bool all_are_read = std::ranges::find(steps_, unread) == steps_.end();
  if (!metadata_.total_steps || !all_are_read) return;
  const int64_t steps =
      std::accumulate(steps_.begin(), steps_.end(), int64_t{0});
  if (*metadata_.total_steps != steps) {
    notices.push_back(fmt::format(
        "total_steps of the metadata is {}, the episodes hold {} steps",
        *metadata_.total_steps, steps));
  }
}

std::vector<std::string> MinariSource::notices() const {
  std::vector<std::string> notices;
  if (is_newer(metadata_.minari_version)) {
    notices.push_back(
        fmt::format("it was written by Minari {}, and is read as {}",
                    metadata_.minari_version, newest_version));
  }
  compare_totals(notices);
  for (const auto& [key, places] : keys_left_) {
    notices.push_back(fmt::format(
        "{}: the key '{}' is in no space and is left out ({} episode{}, first "
        "episode {})",
        key.first, key.second, places.size(), places.size() == 1 ? "" : "s",
        *places.begin()));
  }
  return notices;
}

void MinariSource::note_keys_left(const hdf5::Group& episode,
                                  const char* parent,
                                  const std::vector<Field>& fields,
                                  int64_t number) {
  if (!episode.is_group(parent)) return;
  for (const std::string& leaf : episode.group(parent).leaves()) {
    if (std::none_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return field.name == leaf; })) {
      keys_left_[{parent, leaf}].insert(number);
    }
  }
}

void MinariSource::read_expert(const hdf5::Group& infos,
                               Episode& episode) const {
  if (!infos.has("expert_action")) return;
  const int64_t steps = episode.steps();
  DeferredReads now;
  read_columns(infos, "expert_action", metadata_.spec.action, "action", episode,
               &Episode::expert_actions, now);
  now.run(episode);
  for (Column& column : episode.expert_actions) {
    const int64_t rows = rows_of(column);
    if (rows != steps && rows != steps + 1) {
      throw input_error("{}: expert_action has {} rows for {} steps",
                        infos.label(), rows, steps);
    }
    keep_rows(column, steps);
  }
}

// Scalars a step, T or T+1 rows, below `group`; anything else is left.
void collect_scalars(const hdf5::Group& group, const std::string& prefix,
                     int64_t steps,
                     std::map<std::string, std::vector<double>>& scalars) {
  for (const std::string& name : group.names()) {
    if (prefix.empty() && name == "expert_action") continue;
    if (group.is_group(name)) {
      collect_scalars(group.group(name), prefix + name + "/", steps, scalars);
      continue;
    }
    const hdf5::Dataset dataset = group.dataset(name);
    const int64_t rows = dataset.rows();
    if (dataset.shape().empty() || !dataset.dtype() ||
        (rows != steps && rows != steps + 1) ||
        element_count(dataset.shape()) != rows) {
      continue;
    }
    const Array array = dataset.read_array();
    auto& values = scalars[prefix + name];
    for (int64_t i = 0; i < rows; ++i) values.push_back(array.as_double(i));
  }
}

void MinariSource::read_infos(const hdf5::Group& group,
                              Episode& episode) const {
  if (group.is_group("infos")) {
    const hdf5::Group infos = group.group("infos");
    read_expert(infos, episode);
    collect_scalars(infos, "", episode.steps(), episode.infos);
  }
  episode.failed = group.integer_attribute("gato_failed").value_or(0) != 0;
  if (const auto success = group.integer_attribute("gato_success")) {
    episode.success = *success != 0;
    return;
  }
  for (const char* name : success_names) {
    const auto found = episode.infos.find(name);
    if (found == episode.infos.end()) continue;
    episode.success = std::any_of(found->second.begin(), found->second.end(),
                                  [](double value) { return value > 0; });
  }
}

void MinariSource::read_rewards(const hdf5::Group& group,
                                Episode& episode) const {
  const int64_t steps = episode.steps();
  episode.rewards = read_series(group, "rewards", steps);
  episode.terminations = read_flags(group, "terminations", steps);
  episode.truncations = read_flags(group, "truncations", steps);
}

Episode MinariSource::partial_episode(int64_t i, DeferredReads& later) {
  const int64_t number = numbers_.at(static_cast<size_t>(i));
  const hdf5::Group group = root_.group(fmt::format("episode_{}", number));
  Episode episode;
  episode.id = number;
  episode.seed = group.bits_attribute("seed");
  note_keys_left(group, "observations", metadata_.spec.observation, number);
  note_keys_left(group, "actions", metadata_.spec.action, number);
  read_columns(group, "actions", metadata_.spec.action, "action", episode,
               &Episode::actions, later);
  if (episode.actions.empty() && group.has("rewards")) {
    episode.rewards.resize(
        static_cast<size_t>(group.dataset("rewards").rows()));
  }
  const int64_t steps = episode.steps();
  read_columns(group, "observations", metadata_.spec.observation, "observation",
               episode, &Episode::observations, later);
  for (size_t j = 0; j < episode.observations.size(); ++j) {
    const int64_t rows = rows_of(episode.observations[j]);
    if (rows != steps && rows != steps + 1) {
      throw input_error("{}: observations: {} has {} rows for {} steps",
                        group.label(), metadata_.spec.observation[j].name, rows,
                        steps);
    }
  }
  for (size_t j = 0; j < episode.actions.size(); ++j) {
    if (rows_of(episode.actions[j]) != steps) {
      throw input_error("{}: actions: {} has {} rows for {} steps",
                        group.label(), metadata_.spec.action[j].name,
                        rows_of(episode.actions[j]), steps);
    }
  }
  if (group.integer_attribute("total_steps").value_or(steps) != steps) {
    throw input_error("{}: {} actions, but total_steps is {}", group.label(),
                      steps, *group.integer_attribute("total_steps"));
  }
  steps_.at(static_cast<size_t>(i)) = steps;
  read_rewards(group, episode);
  read_infos(group, episode);
  return episode;
}

}  // namespace

std::unique_ptr<EpisodeSource> open_minari(
    const std::filesystem::path& path, const EpisodeSourceOptions& options) {
  return std::make_unique<MinariSource>(find_minari(path), options);
}

}  // namespace gato
