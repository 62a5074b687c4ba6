#include "gato/ingest/episodes/robomimic.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/data/hdf5/hdf5_unwritten.h"
#include "gato/data/lenient_json.h"
#include "gato/ingest/episodes/dataset_fields.h"
#include "gato/ingest/episodes/episode_file_format.h"
#include "gato/ingest/episodes/hdf5_columns.h"
#include "gato/ingest/episodes/numbered_groups.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDemoPrefix = "demo_";
// The maximum length of an episode. A larger attribute is corrupt, and sums of
// such attributes might overflow.
constexpr int64_t kMaxSteps = int64_t{1} << 40;

// The environment according to env_args.
struct EnvironmentInfo {
  std::string name;  // empty if unknown
  std::string domain = "robomimic";
  bool has_sparse_reward = false;  // positive only on success
};

EnvironmentInfo read_environment_info(const data::hdf5::Group& data) {
  EnvironmentInfo environment;
  const auto text = data.text_attribute("env_args");
  if (!text) {
    return environment;
  }
  nlohmann::json arguments;
  try {
    arguments = data::parse_lenient_json(*text);
  } catch (const base::Error& error) {
    throw base::input_error("{}: attribute env_args: {}", data.label(),
                            error.what());
  }
  if (!arguments.is_object()) {
    return environment;
  }
  if (const auto name = arguments.find("env_name");
      name != arguments.end() && name->is_string()) {
    environment.name = name->get<std::string>();
  }
  // EnvType in robomimic/envs/env_base.py.
  const nlohmann::json type = arguments.value("env_type", nlohmann::json());
  if (type == 1) {
    environment.domain = "robosuite";
  }
  if (type == 2) {
    environment.domain = "gym";
  }
  if (type == 3) {
    environment.domain = "momart";
  }
  const nlohmann::json details =
      arguments.value("env_kwargs", nlohmann::json());
  environment.has_sparse_reward =
      details.is_object() &&
      details.value("reward_shaping", nlohmann::json()) == false;
  return environment;
}

// Returns the first few names, for a message.
std::string quote_names(const std::vector<std::string>& names) {
  constexpr size_t kMaxNames = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMaxNames); ++i) {
    text += fmt::format("{}'{}'", i > 0 ? ", " : "",
                        base::escape_control_characters(names[i]));
  }
  if (names.size() > kMaxNames) {
    text += fmt::format(" and {} more", names.size() - kMaxNames);
  }
  return text;
}

class RobomimicSource : public EpisodeSource {
 public:
  RobomimicSource(const fs::path& path, const EpisodeSourceOptions& options);

  const data::TaskSpec& spec() const override { return spec_; }
  std::string agent() const override { return agent_; }
  fs::path file() const override { return file_; }
  std::vector<std::string> warnings() const override;
  int64_t episode_count() const override { return std::ssize(demos_); }
  int64_t episode_number(int64_t i) const override {
    return demos_.at(static_cast<size_t>(i)).number;
  }
  int64_t masked_episode_count() const override {
    return masked_episode_count_;
  }
  data::Episode read_partial_episode(int64_t i,
                                     DeferredReads& deferred) override;

 private:
  std::string find_first_demo() const;
  void apply_mask(const std::string& mask);
  void read_spec(const std::map<std::string, data::Role>& roles);
  void check_observation_keys(const data::hdf5::Group& obs) const;
  bool has_next_observations(const data::hdf5::Group& group) const;
  void read_observations(const data::hdf5::Group& group, data::Episode& episode,
                         DeferredReads& deferred) const;

  fs::path file_;
  data::hdf5::Group root_, data_;
  std::shared_ptr<const base::FileReader> file_reader_;
  std::vector<NumberedName> demos_;
  std::string first_demo_;  // determines the spaces: see find_first_demo()
  std::vector<std::string> unnumbered_names_;  // of children of /data
  int64_t masked_episode_count_ = 0;
  EnvironmentInfo environment_;
  data::TaskSpec spec_;
  std::string agent_;
};

RobomimicSource::RobomimicSource(const fs::path& path,
                                 const EpisodeSourceOptions& options)
    : file_(path),
      root_(data::hdf5::open_file(path)),
      file_reader_(data::hdf5::open_file_reader(root_)) {
  if (detect_episode_format(root_) != EpisodeFileFormat::robomimic) {
    throw base::input_error("{}: this is {}, not a robomimic file",
                            path.string(), describe_episode_file(root_));
  }
  data_ = root_.group("data");
  const std::vector<std::string> names = data_.child_names();
  demos_ = base::with_context(data_.label(), [&names] {
    return sort_numbered_names(names, kDemoPrefix);
  });
  unnumbered_names_ = unnumbered_names(names, kDemoPrefix);
  if (demos_.empty()) {
    const std::string found =
        unnumbered_names_.empty()
            ? ""
            : fmt::format("found {} but ", quote_names(unnumbered_names_));
    throw base::input_error("{}: {}no group named {}<i>", data_.label(), found,
                            kDemoPrefix);
  }
  first_demo_ = find_first_demo();
  if (!options.mask.empty()) {
    apply_mask(options.mask);
  }
  if (!demos_.empty()) {
    first_demo_ = find_first_demo();
  }
  environment_ = read_environment_info(data_);
  read_spec(options.roles);
  const std::string stem = path.stem().string();
  spec_.environment = environment_.name;
  spec_.name = !options.task.empty()        ? options.task
               : !environment_.name.empty() ? environment_.name
                                            : stem;
  spec_.domain = options.domain.empty() ? environment_.domain : options.domain;
  agent_ = options.source.empty() ? stem : options.source;
  apply_roles(options.roles, root_.label(), spec_);
}

// Returns the first demonstration that has a step, since only its images have a
// size, or else the first of all.
std::string RobomimicSource::find_first_demo() const {
  const auto has_steps = [this](const std::string& name) {
    const data::hdf5::Group demo = data_.group(name);
    return !demo.has("actions") || demo.is_group("actions") ||
           demo.dataset("actions").row_count() > 0;
  };
  const auto found =
      std::ranges::find_if(demos_, has_steps, &NumberedName::name);
  return found == demos_.end() ? demos_.front().name : found->name;
}

void RobomimicSource::apply_mask(const std::string& mask) {
  const std::vector<std::string> masks = root_.is_group("mask")
                                             ? root_.group("mask").child_names()
                                             : std::vector<std::string>();
  if (std::find(masks.begin(), masks.end(), mask) == masks.end()) {
    throw base::usage_error(
        "--mask {}: {} has no such mask (it has {})", mask, file_.string(),
        masks.empty() ? "none" : fmt::format("{}", fmt::join(masks, ", ")));
  }
  const std::vector<std::string> names =
      root_.dataset("mask/" + mask).read_texts();
  const std::set<std::string> listed(names.begin(), names.end());
  std::vector<NumberedName> kept;
  std::ranges::copy_if(demos_, std::back_inserter(kept),
                       [&listed](const NumberedName& demo) {
                         return listed.contains(demo.name);
                       });
  if (kept.size() != names.size()) {
    throw base::input_error(
        "{}: mask {} lists {} episodes, but only {} of them are in the file",
        file_.string(), mask, names.size(), kept.size());
  }
  masked_episode_count_ = std::ssize(demos_) - std::ssize(kept);
  demos_ = std::move(kept);
}

void RobomimicSource::read_spec(
    const std::map<std::string, data::Role>& roles) {
  const data::hdf5::Group first = data_.group(first_demo_);
  if (!first.is_group("obs")) {
    throw base::input_error(
        "{}: there are no observations (obs): extract them from the states "
        "with robomimic's dataset_states_to_obs.py",
        first.label());
  }
  const data::hdf5::Group obs = first.group("obs");
  for (const std::string& key : obs.dataset_paths()) {
    spec_.observation_fields.push_back(
        infer_observation_field(obs.dataset(key), key, roles));
  }
  data::sort_fields(spec_.observation_fields);
  spec_.action_fields = {infer_action_field(first.dataset("actions"))};
}

std::vector<std::string> RobomimicSource::warnings() const {
  std::vector<std::string> warnings;
  if (auto unwritten = data::hdf5::take_unwritten_warning(file_.string())) {
    warnings.push_back(*std::move(unwritten));
  }
  if (!unnumbered_names_.empty()) {
    warnings.push_back(fmt::format("data: {} is not a {}<i> and is ignored",
                                   quote_names(unnumbered_names_),
                                   kDemoPrefix));
  }
  const auto total = data_.integer_attribute("total");
  if (!total || masked_episode_count_ > 0) {
    return warnings;
  }
  int64_t steps = 0;
  for (const NumberedName& demo : demos_) {
    const int64_t samples =
        data_.group(demo.name).integer_attribute("num_samples").value_or(0);
    if (samples < 0 || samples > kMaxSteps) {
      warnings.push_back(fmt::format("{}: the attribute num_samples is {}",
                                     demo.name, samples));
      return warnings;
    }
    steps += samples;
  }
  if (steps != *total) {
    warnings.push_back(fmt::format(
        "the attribute total is {} steps, but the episodes have {}: some may "
        "be missing",
        *total, steps));
  }
  return warnings;
}

void RobomimicSource::check_observation_keys(
    const data::hdf5::Group& obs) const {
  for (const std::string& key : obs.dataset_paths()) {
    if (!has_field(spec_.observation_fields, key)) {
      throw base::input_error("{}: the key '{}' is not in {}", obs.label(), key,
                              first_demo_);
    }
  }
}

// Files that tools have filtered may lack some keys of next_obs. The final
// observation is then unknown; only that observation is lost.
bool RobomimicSource::has_next_observations(
    const data::hdf5::Group& group) const {
  if (!group.is_group("next_obs")) {
    return false;
  }
  const data::hdf5::Group next = group.group("next_obs");
  return std::ranges::all_of(
      spec_.observation_fields,
      [&](const data::Field& field) { return next.has(field.name); });
}

void RobomimicSource::read_observations(const data::hdf5::Group& group,
                                        data::Episode& episode,
                                        DeferredReads& deferred) const {
  const int64_t steps = episode.step_count();
  const data::hdf5::Group obs = group.group("obs");
  check_observation_keys(obs);
  const bool has_next = steps > 0 && has_next_observations(group);
  for (const data::Field& field : spec_.observation_fields) {
    const data::hdf5::Dataset dataset = obs.dataset(field.name);
    require_row_count(dataset.row_count(), steps, FinalRow::forbidden,
                      obs.label(), field.name);
    data::hdf5::Dataset final_rows;
    if (has_next) {
      const data::hdf5::Group next = group.group("next_obs");
      final_rows = next.dataset(field.name);
      require_row_count(final_rows.row_count(), steps, FinalRow::forbidden,
                        next.label(), field.name);
    }
    append_column(dataset, field, file_reader_, episode,
                  &data::Episode::observations, deferred,
                  has_next ? &final_rows : nullptr);
  }
}

data::Episode RobomimicSource::read_partial_episode(int64_t i,
                                                    DeferredReads& deferred) {
  const NumberedName& demo = demos_.at(static_cast<size_t>(i));
  const data::hdf5::Group group = data_.group(demo.name);
  data::Episode episode;
  episode.id = demo.number;
  append_column(group.dataset("actions"), spec_.action_fields[0], file_reader_,
                episode, &data::Episode::actions, deferred);
  const int64_t steps = episode.step_count();
  require_step_attribute(group, "num_samples", steps);
  read_observations(group, episode, deferred);
  episode.rewards = read_scalars(group, "rewards", steps);
  episode.terminations = read_flags(group, "dones", steps);
  episode.truncations.assign(static_cast<size_t>(steps), 0);
  if (steps > 0 && !episode.terminations.back()) {
    episode.truncations.back() = 1;
  }
  if (environment_.has_sparse_reward && !episode.rewards.empty()) {
    episode.success = std::ranges::any_of(
        episode.rewards, [](double reward) { return reward > 0; });
  }
  return episode;
}

}  // namespace

std::unique_ptr<EpisodeSource> open_robomimic(
    const fs::path& path, const EpisodeSourceOptions& options) {
  return std::make_unique<RobomimicSource>(path, options);
}

}  // namespace gato::ingest
