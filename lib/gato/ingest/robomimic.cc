#include "gato/ingest/robomimic.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/one_line.h"
#include "gato/data/format.h"
#include "gato/data/loose_json.h"
#include "gato/ingest/column.h"
#include "gato/ingest/numbering.h"
#include "gato/ingest/roles.h"
#include "gato/ingest/spaceless.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "demo_";
// Of an episode: an attribute that says more is damaged, and its sums might
// overflow.
constexpr int64_t most_steps = int64_t{1} << 40;

// What `env_args` says of the environment.
struct Environment {
  std::string name;  // empty where it is not said
  std::string domain = "robomimic";
  bool is_sparse = false;  // the reward is above zero in success alone
};

Environment environment_of(const hdf5::Group& data) {
  Environment environment;
  const auto text = data.text_attribute("env_args");
  if (!text) return environment;
  nlohmann::json arguments;
  try {
    arguments = parse_loose_json(*text);
  } catch (const Error& error) {
    throw input_error("{}: attribute env_args: {}", data.label(), error.what());
  }
  if (!arguments.is_object()) return environment;
  if (const auto name = arguments.find("env_name");
      name != arguments.end() && name->is_string()) {
    environment.name = name->get<std::string>();
  }
  // EnvType of robomimic/envs/env_base.py.
  const nlohmann::json type = arguments.value("env_type", nlohmann::json());
  if (type == 1) environment.domain = "robosuite";
  if (type == 2) environment.domain = "gym";
  if (type == 3) environment.domain = "momart";
  const nlohmann::json details =
      arguments.value("env_kwargs", nlohmann::json());
  environment.is_sparse =
      details.is_object() &&
      details.value("reward_shaping", nlohmann::json()) == false;
  return environment;
}

// A few of them, for a message.
std::string quoted(const std::vector<std::string>& names) {
  constexpr size_t most = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) {
    text += fmt::format("{}'{}'", i > 0 ? ", " : "", one_line(names[i]));
  }
  if (names.size() > most) {
    text += fmt::format(" and {} more", names.size() - most);
  }
  return text;
}

class RobomimicSource : public EpisodeSource {
 public:
  RobomimicSource(const fs::path& path, const EpisodeSourceOptions& options);

  const TaskSpec& spec() const override { return spec_; }
  std::string source() const override { return agent_; }
  fs::path file() const override { return file_; }
  std::vector<std::string> notices() const override;
  int64_t episodes() const override {
    return static_cast<int64_t>(numbers_.size());
  }
  int64_t masked() const override { return masked_; }
  Episode partial_episode(int64_t i, DeferredReads& later) override;

 private:
  hdf5::Group demo(int64_t number) const {
    return data_.group(fmt::format("{}{}", prefix, number));
  }
  void apply_mask(const std::string& mask);
  void read_spec();
  void check_keys(const hdf5::Group& obs) const;
  void read_observations(const hdf5::Group& group, Episode& episode,
                         DeferredReads& later) const;

  fs::path file_;
  hdf5::Group root_, data_;
  std::shared_ptr<const FileReader> reader_;
  std::vector<int64_t> numbers_;
  int64_t first_ = 0;                // of which the spaces are
  std::vector<std::string> others_;  // in /data, that have no number
  int64_t masked_ = 0;
  Environment environment_;
  TaskSpec spec_;
  std::string agent_;
};

RobomimicSource::RobomimicSource(const fs::path& path,
                                 const EpisodeSourceOptions& options)
    : file_(path),
      root_(hdf5::open_file(path)),
      reader_(hdf5::reader_of(root_)) {
  if (episode_format_of(root_) != EpisodeFormat::robomimic) {
    throw input_error("{}: this is {}, not a robomimic file", path.string(),
                      describe_kind(root_));
  }
  data_ = root_.group("data");
  numbers_ = numbers_of(data_.names(), prefix);
  others_ = unnumbered(data_.names(), prefix);
  if (numbers_.empty()) {
    throw input_error("{}: there is no {}<i>{}", data_.label(), prefix,
                      others_.empty() ? "" : ", but " + quoted(others_));
  }
  first_ = numbers_.front();
  if (!options.mask.empty()) apply_mask(options.mask);
  if (!numbers_.empty()) first_ = numbers_.front();
  environment_ = environment_of(data_);
  read_spec();
  const std::string stem = path.stem().string();
  spec_.environment = environment_.name;
  spec_.name = !options.task.empty()        ? options.task
               : !environment_.name.empty() ? environment_.name
                                            : stem;
  spec_.domain = options.domain.empty() ? environment_.domain : options.domain;
  agent_ = options.source.empty() ? stem : options.source;
  apply_roles(options.roles, root_.label(), spec_);
}

void RobomimicSource::apply_mask(const std::string& mask) {
  const std::vector<std::string> masks = root_.is_group("mask")
                                             ? root_.group("mask").names()
                                             : std::vector<std::string>();
  if (std::find(masks.begin(), masks.end(), mask) == masks.end()) {
    throw usage_error(
        "--mask {}: {} has no such mask (it has {})", mask, file_.string(),
        masks.empty() ? "none" : fmt::format("{}", fmt::join(masks, ", ")));
  }
  const std::vector<std::string> names =
      root_.dataset("mask/" + mask).read_texts();
  const std::vector<int64_t> listed = numbers_of(names, prefix);
  std::vector<int64_t> kept;
  std::set_intersection(numbers_.begin(), numbers_.end(), listed.begin(),
                        listed.end(), std::back_inserter(kept));
  if (kept.size() != names.size()) {
    throw input_error(
        "{}: mask {} names {} episodes, of which the file holds {}",
        file_.string(), mask, names.size(), kept.size());
  }
  masked_ = static_cast<int64_t>(numbers_.size() - kept.size());
  numbers_ = std::move(kept);
}

void RobomimicSource::read_spec() {
  const hdf5::Group first = demo(first_);
  if (!first.is_group("obs")) {
    throw input_error(
        "{}: there are no observations (obs): extract them from the states "
        "with robomimic's dataset_states_to_obs.py",
        first.label());
  }
  const hdf5::Group obs = first.group("obs");
  for (const std::string& key : obs.leaves()) {
    spec_.observation.push_back(observation_field(obs.dataset(key), key));
  }
  sort_fields(spec_.observation);
  spec_.action = {action_field(first.dataset("actions"))};
}

std::vector<std::string> RobomimicSource::notices() const {
  std::vector<std::string> notices;
  if (!others_.empty()) {
    notices.push_back(fmt::format("data: {} is no {}<i> and is left out",
                                  quoted(others_), prefix));
  }
  const auto total = data_.integer_attribute("total");
  if (!total || masked_ > 0) return notices;
  int64_t steps = 0;
  for (int64_t number : numbers_) {
    const int64_t samples =
        demo(number).integer_attribute("num_samples").value_or(0);
    if (samples < 0 || samples > most_steps) {
      notices.push_back(fmt::format("{}{}: the attribute num_samples is {}",
                                    prefix, number, samples));
      return notices;
    }
    steps += samples;
  }
  if (steps != *total) {
    notices.push_back(fmt::format(
        "the attribute total says {} steps, the episodes say {}: some may be "
        "missing",
        *total, steps));
  }
  return notices;
}

void RobomimicSource::check_keys(const hdf5::Group& obs) const {
  for (const std::string& key : obs.leaves()) {
    if (std::none_of(spec_.observation.begin(), spec_.observation.end(),
                     [&](const Field& field) { return field.name == key; })) {
      throw input_error("{}: the key '{}' is not in {}{}", obs.label(), key,
                        prefix, first_);
    }
  }
}

void RobomimicSource::read_observations(const hdf5::Group& group,
                                        Episode& episode,
                                        DeferredReads& later) const {
  const int64_t steps = episode.steps();
  const hdf5::Group obs = group.group("obs");
  check_keys(obs);
  const bool has_next = steps > 0 && group.is_group("next_obs");
  for (const Field& field : spec_.observation) {
    DeferredReads now;  // where a row is appended
    append_column(obs.dataset(field.name), field, reader_, episode,
                  &Episode::observations, has_next ? now : later);
    Column& column = episode.observations.back();
    if (rows_of(column) != steps) {
      throw input_error("{}: {} has {} rows for {} steps", obs.label(),
                        field.name, rows_of(column), steps);
    }
    now.run(episode);
    if (has_next) {
      const hdf5::Group next = group.group("next_obs");
      const hdf5::Dataset dataset = next.dataset(field.name);
      if (dataset.rows() != steps) {
        throw input_error("{}: {} has {} rows for {} steps", next.label(),
                          field.name, dataset.rows(), steps);
      }
      append_last_row(column, field.role == Role::text
                                  ? Column(dataset.read_texts())
                                  : read_rows(dataset, field, steps - 1, 1));
    }
  }
}

Episode RobomimicSource::partial_episode(int64_t i, DeferredReads& later) {
  const int64_t number = numbers_.at(static_cast<size_t>(i));
  const hdf5::Group group = demo(number);
  Episode episode;
  episode.id = number;
  append_column(group.dataset("actions"), spec_.action[0], reader_, episode,
                &Episode::actions, later);
  const int64_t steps = episode.steps();
  if (group.integer_attribute("num_samples").value_or(steps) != steps) {
    throw input_error("{}: {} actions, but num_samples is {}", group.label(),
                      steps, *group.integer_attribute("num_samples"));
  }
  read_observations(group, episode, later);
  episode.rewards = read_series(group, "rewards", steps);
  episode.terminations = read_flags(group, "dones", steps);
  episode.truncations.assign(static_cast<size_t>(steps), 0);
  if (steps > 0 && !episode.terminations.back()) episode.truncations.back() = 1;
  if (environment_.is_sparse && !episode.rewards.empty()) {
    episode.success =
        std::any_of(episode.rewards.begin(), episode.rewards.end(),
                    [](double reward) { return reward > 0; });
  }
  return episode;
}

}  // namespace

std::unique_ptr<EpisodeSource> open_robomimic(
    const fs::path& path, const EpisodeSourceOptions& options) {
  return std::make_unique<RobomimicSource>(path, options);
}

}  // namespace gato
