// The metadata decide what an episode consists of: its fields are those of the
// spaces, and the constructor rejects a file with fewer episodes than they
// promise. An episode is read by key: a field is the dataset of its name, and
// what is in no space is noted for warnings(). The number of actions is the
// number of time steps, with which the rows of everything else are compared.
// Elements of numeric columns are left to DeferredReads; labels and infos,
// which are small, are read immediately.
#include "gato/ingest/episodes/minari.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5_unwritten.h"
#include "gato/data/space.h"
#include "gato/ingest/episodes/compressed_images.h"
#include "gato/ingest/episodes/dataset_fields.h"
#include "gato/ingest/episodes/episode_file_format.h"
#include "gato/ingest/episodes/hdf5_columns.h"
#include "gato/ingest/episodes/minari_files.h"
#include "gato/ingest/episodes/minari_metadata.h"
#include "gato/ingest/episodes/numbered_groups.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNewestMinariVersion = "0.5";  // supported

// Compares major and minor version: `version` is like "0.5.3".
bool is_newer_than_supported(const std::string& version) {
  const auto parts = [](const std::string& text) {
    std::array<int, 2> numbers{};
    std::sscanf(text.c_str(), "%d.%d", &numbers[0], &numbers[1]);
    return numbers;
  };
  return parts(version) > parts(kNewestMinariVersion);
}

class MinariSource : public EpisodeSource {
 public:
  MinariSource(const MinariFiles& files, const EpisodeSourceOptions& options)
      : root_(data::hdf5::open_file(files.data)),
        file_reader_(data::hdf5::open_file_reader(root_)),
        file_(files.data) {
    episodes_ = base::with_context(root_.label(), [this] {
      return sort_numbered_names(root_.child_names(), "episode_");
    });
    if (episodes_.empty() && files.metadata.empty() &&
        !root_.has_attribute("total_episodes")) {
      throw base::input_error("{}: this is {}, not a Minari dataset",
                              files.data.string(),
                              describe_episode_file(root_));
    }
    metadata_ = read_minari_metadata(files, root_, options);
    const int64_t expected = metadata_.total_episodes.value_or(0);
    if (episode_count() < expected) {
      throw base::input_error(
          "{}: contains {} episodes, but {} according to the metadata: the "
          "dataset is incomplete",
          files.data.string(), episode_count(), expected);
    }
    step_counts_.assign(episodes_.size(), kUnread);
    detect_compressed_images(options.roles);
    apply_roles(options.roles, root_.label(), metadata_.spec);
  }

  const data::TaskSpec& spec() const override { return metadata_.spec; }
  std::string agent() const override { return metadata_.agent; }
  nlohmann::json provenance() const override { return metadata_.provenance; }
  int64_t episode_count() const override { return std::ssize(episodes_); }
  int64_t episode_number(int64_t i) const override {
    return episodes_.at(static_cast<size_t>(i)).number;
  }
  data::Episode read_partial_episode(int64_t i,
                                     DeferredReads& deferred) override;
  std::filesystem::path file() const override { return file_; }
  std::vector<std::string> warnings() const override;

 private:
  void detect_compressed_images(const std::map<std::string, data::Role>& roles);
  void read_columns(const data::hdf5::Group& group, const std::string& parent,
                    const std::vector<data::Field>& fields,
                    const std::string& bare_name, data::Episode& episode,
                    DeferredReads::ColumnsMember columns,
                    DeferredReads& deferred) const;
  void note_unknown_keys(const data::hdf5::Group& episode, const char* parent,
                         const std::vector<data::Field>& fields,
                         int64_t number);
  void check_totals(std::vector<std::string>& warnings) const;
  void read_rewards_and_flags(const data::hdf5::Group& group,
                              data::Episode& episode) const;
  void read_infos(const data::hdf5::Group& group, data::Episode& episode) const;
  void read_expert_actions(const data::hdf5::Group& infos,
                           data::Episode& episode) const;

  data::hdf5::Group root_;
  std::shared_ptr<const base::FileReader> file_reader_;
  std::filesystem::path file_;
  static constexpr int64_t kUnread = -1;
  std::vector<NumberedName> episodes_;
  std::vector<int64_t> step_counts_;  // per episode; kUnread if not yet read
  MinariMetadata metadata_;
  // Keys that are in no space, as ("observations" or "actions", key), and the
  // episodes that have them.
  std::map<std::pair<std::string, std::string>, std::set<int64_t>>
      unknown_keys_;
};

// Returns the path of a field's dataset within the group of an episode.
std::string dataset_path(const data::hdf5::Group& group,
                         const std::string& parent,
                         const std::vector<data::Field>& fields,
                         const std::string& bare_name,
                         const data::Field& field) {
  const bool is_bare_space =
      data::is_bare_space(fields, bare_name) && !group.is_group(parent);
  return is_bare_space ? parent : parent + "/" + field.name;
}

// Returns whether at most one extent is larger than 1.
bool is_flat(const std::vector<int64_t>& shape) {
  return std::ranges::count_if(shape,
                               [](int64_t extent) { return extent != 1; }) <= 1;
}

// Some spaces describe the bytes of image files, or their base64, rather than
// images. The first episode decides, unless the user gave a role.
void MinariSource::detect_compressed_images(
    const std::map<std::string, data::Role>& roles) {
  if (episodes_.empty()) {
    return;
  }
  const std::string& name = episodes_.front().name;
  if (!root_.is_group(name)) {
    return;
  }
  const data::hdf5::Group group = root_.group(name);
  std::vector<data::Field>& fields = metadata_.spec.observation_fields;
  for (data::Field& field : fields) {
    const bool may_be_bytes =
        field.role == data::Role::text ||
        (field.dtype == data::DType::uint8 && is_flat(field.shape));
    if (!may_be_bytes || roles.contains(field.name)) {
      continue;
    }
    const std::string path =
        dataset_path(group, "observations", fields, "observation", field);
    if (!group.has(path) || group.is_group(path)) {
      continue;
    }
    const data::hdf5::Dataset dataset = group.dataset(path);
    if (auto found = infer_compressed_image_field(dataset, field.name)) {
      field = *std::move(found);
    }
  }
}

void MinariSource::read_columns(const data::hdf5::Group& group,
                                const std::string& parent,
                                const std::vector<data::Field>& fields,
                                const std::string& bare_name,
                                data::Episode& episode,
                                DeferredReads::ColumnsMember columns,
                                DeferredReads& deferred) const {
  for (const data::Field& field : fields) {
    append_column(
        group.dataset(dataset_path(group, parent, fields, bare_name, field)),
        field, file_reader_, episode, columns, deferred);
  }
}

// Compares the totals with those of the metadata. The constructor has rejected
// datasets with too few episodes.
void MinariSource::check_totals(std::vector<std::string>& warnings) const {
  if (const auto expected = metadata_.total_episodes;
      expected && *expected != episode_count()) {
    warnings.push_back(fmt::format(
        "total_episodes in the metadata is {}, but the file has {} episodes",
        *expected, episode_count()));
  }
  const bool all_are_read =
      std::ranges::find(step_counts_, kUnread) == step_counts_.end();
  if (!metadata_.total_steps || !all_are_read) {
    return;
  }
  const int64_t steps =
      std::accumulate(step_counts_.begin(), step_counts_.end(), int64_t{0});
  if (*metadata_.total_steps != steps) {
    warnings.push_back(fmt::format(
        "total_steps in the metadata is {}, but the episodes have {} steps",
        *metadata_.total_steps, steps));
  }
}

std::vector<std::string> MinariSource::warnings() const {
  std::vector<std::string> warnings;
  if (auto unwritten = data::hdf5::take_unwritten_warning(file_.string())) {
    warnings.push_back(*std::move(unwritten));
  }
  if (is_newer_than_supported(metadata_.minari_version)) {
    warnings.push_back(
        fmt::format("it was written by Minari {} and is read as {}",
                    metadata_.minari_version, kNewestMinariVersion));
  }
  check_totals(warnings);
  for (const auto& [key, episodes] : unknown_keys_) {
    warnings.push_back(fmt::format(
        "{}: the key '{}' is in no space and is ignored ({} episode{}, first "
        "episode {})",
        key.first, key.second, episodes.size(), episodes.size() == 1 ? "" : "s",
        *episodes.begin()));
  }
  return warnings;
}

void MinariSource::note_unknown_keys(const data::hdf5::Group& episode,
                                     const char* parent,
                                     const std::vector<data::Field>& fields,
                                     int64_t number) {
  if (!episode.is_group(parent)) {
    return;
  }
  for (const std::string& leaf : episode.group(parent).dataset_paths()) {
    if (!has_field(fields, leaf)) {
      unknown_keys_[{parent, leaf}].insert(number);
    }
  }
}

void MinariSource::read_expert_actions(const data::hdf5::Group& infos,
                                       data::Episode& episode) const {
  if (!infos.has("expert_action")) {
    return;
  }
  const int64_t steps = episode.step_count();
  DeferredReads immediate;
  read_columns(infos, "expert_action", metadata_.spec.action_fields, "action",
               episode, &data::Episode::expert_actions, immediate);
  immediate.run(episode);
  for (data::FieldColumn& column : episode.expert_actions) {
    require_row_count(row_count(column), steps, FinalRow::allowed,
                      infos.label(), "expert_action");
    truncate_rows(column, steps);
  }
}

// Collects all datasets below `group` with one scalar per step and T or T+1
// rows; ignores the others.
void collect_scalars(const data::hdf5::Group& group, const std::string& prefix,
                     int64_t steps,
                     std::map<std::string, std::vector<double>>& scalars) {
  for (const std::string& name : group.child_names()) {
    if (prefix.empty() && name == "expert_action") {
      continue;
    }
    if (group.is_group(name)) {
      collect_scalars(group.group(name), prefix + name + "/", steps, scalars);
      continue;
    }
    const data::hdf5::Dataset dataset = group.dataset(name);
    const int64_t rows = dataset.row_count();
    if (dataset.shape().empty() || !dataset.dtype() ||
        (rows != steps && rows != steps + 1) ||
        data::element_count(dataset.shape()) != rows) {
      continue;
    }
    const data::Array array = dataset.read_array();
    auto& values = scalars[prefix + name];
    for (int64_t i = 0; i < rows; ++i) {
      values.push_back(array.as_double(i));
    }
  }
}

void MinariSource::read_infos(const data::hdf5::Group& group,
                              data::Episode& episode) const {
  if (group.is_group("infos")) {
    const data::hdf5::Group infos = group.group("infos");
    read_expert_actions(infos, episode);
    collect_scalars(infos, "", episode.step_count(), episode.infos);
  }
  episode.failed = group.integer_attribute("gato_failed").value_or(0) != 0;
  episode.failure = group.text_attribute("gato_failure").value_or("");
  if (const auto success = group.integer_attribute("gato_success")) {
    episode.success = *success != 0;
  } else {
    episode.success = data::success_from_infos(episode.infos);
  }
}

void MinariSource::read_rewards_and_flags(const data::hdf5::Group& group,
                                          data::Episode& episode) const {
  const int64_t steps = episode.step_count();
  episode.rewards = read_scalars(group, "rewards", steps);
  episode.terminations = read_flags(group, "terminations", steps);
  episode.truncations = read_flags(group, "truncations", steps);
}

void require_row_counts(const data::hdf5::Group& group,
                        const std::string& parent,
                        const std::vector<data::Field>& fields,
                        const std::vector<data::FieldColumn>& columns,
                        int64_t steps, FinalRow final_row) {
  for (size_t i = 0; i < columns.size(); ++i) {
    require_row_count(row_count(columns[i]), steps, final_row, group.label(),
                      parent + ": " + fields[i].name);
  }
}

data::Episode MinariSource::read_partial_episode(int64_t i,
                                                 DeferredReads& deferred) {
  const auto& [number, name] = episodes_.at(static_cast<size_t>(i));
  const data::hdf5::Group group = root_.group(name);
  data::Episode episode;
  episode.id = number;
  episode.seed = group.uint64_attribute("seed");
  note_unknown_keys(group, "observations", metadata_.spec.observation_fields,
                    number);
  note_unknown_keys(group, "actions", metadata_.spec.action_fields, number);
  read_columns(group, "actions", metadata_.spec.action_fields, "action",
               episode, &data::Episode::actions, deferred);
  if (episode.actions.empty() && group.has("rewards")) {
    episode.rewards.resize(
        static_cast<size_t>(group.dataset("rewards").row_count()));
  }
  const int64_t steps = episode.step_count();
  read_columns(group, "observations", metadata_.spec.observation_fields,
               "observation", episode, &data::Episode::observations, deferred);
  require_row_counts(group, "observations", metadata_.spec.observation_fields,
                     episode.observations, steps, FinalRow::allowed);
  require_row_counts(group, "actions", metadata_.spec.action_fields,
                     episode.actions, steps, FinalRow::forbidden);
  require_step_attribute(group, "total_steps", steps);
  step_counts_.at(static_cast<size_t>(i)) = steps;
  read_rewards_and_flags(group, episode);
  read_infos(group, episode);
  return episode;
}

}  // namespace

std::unique_ptr<EpisodeSource> open_minari(
    const std::filesystem::path& path, const EpisodeSourceOptions& options) {
  return std::make_unique<MinariSource>(find_minari_files(path), options);
}

}  // namespace gato::ingest
