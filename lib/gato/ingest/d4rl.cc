#include "gato/ingest/d4rl.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/format.h"
#include "gato/ingest/column.h"
#include "gato/ingest/roles.h"
#include "gato/ingest/spaceless.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr std::array known_names{
    "observations",      "actions", "rewards",  "terminals", "timeouts",
    "next_observations", "infos",   "metadata", "virtual"};

class D4rlSource : public EpisodeSource {
 public:
  D4rlSource(const fs::path& path, const EpisodeSourceOptions& options);

  const TaskSpec& spec() const override { return spec_; }
  std::string source() const override { return agent_; }
  fs::path file() const override { return file_; }
  std::vector<std::string> notices() const override;
  int64_t episodes() const override {
    return static_cast<int64_t>(ends_.size());
  }
  Episode partial_episode(int64_t i, DeferredReads& later) override;

 private:
  // A dataset that says one number a step; nothing where there is none.
  std::optional<hdf5::Dataset> series(const std::string& name) const;
  hdf5::Dataset table(const std::string& name) const;
  void find_ends(int64_t max_episode_steps);
  int64_t first_row(int64_t i) const {
    return i == 0 ? 0 : ends_[static_cast<size_t>(i - 1)];
  }
  Episode read(int64_t i, int64_t first, int64_t steps) const;

  fs::path file_;
  hdf5::Group root_;
  int64_t rows_ = 0;
  // Kept open, with the chunks that the next episode may need.
  hdf5::Dataset observations_, actions_;
  std::optional<hdf5::Dataset> next_observations_, rewards_, terminals_,
      timeouts_;
  std::vector<std::pair<std::string, hdf5::Dataset>> successes_;
  TaskSpec spec_;
  std::string agent_;
  std::vector<int64_t> ends_;  // one past the last row of every episode
  bool is_cut_ = false;        // the last episode, by the end of the file
};

D4rlSource::D4rlSource(const fs::path& path,
                       const EpisodeSourceOptions& options)
    : file_(path), root_(hdf5::open_file(path)) {
  if (episode_format_of(root_) != EpisodeFormat::d4rl) {
    throw input_error("{}: this is {}, not a D4RL file", path.string(),
                      describe_kind(root_));
  }
  observations_ = root_.dataset_by_rows("observations");
  rows_ = observations_.rows();
  actions_ = table("actions");
  if (root_.has("next_observations")) {
    next_observations_ = table("next_observations");
  }
  rewards_ = series("rewards");
  terminals_ = series("terminals");
  timeouts_ = series("timeouts");
  for (const std::string name : success_names) {
    if (auto found = series("infos/" + name)) {
      successes_.emplace_back(name, *std::move(found));
    }
  }
  spec_.observation = {observation_field(observations_, "observation")};
  spec_.action = {action_field(actions_)};
  const std::string stem = path.stem().string();
  spec_.name = options.task.empty() ? stem : options.task;
  spec_.domain = options.domain.empty() ? "d4rl" : options.domain;
  agent_ = options.source.empty() ? stem : options.source;
  apply_roles(options.roles, root_.label(), spec_);
  find_ends(options.max_episode_steps);
}

hdf5::Dataset D4rlSource::table(const std::string& name) const {
  hdf5::Dataset dataset = root_.dataset_by_rows(name);
  if (dataset.shape().empty() || dataset.rows() != rows_) {
    throw input_error("{}: {} rows, but observations has {}", dataset.label(),
                      dataset.rows(), rows_);
  }
  return dataset;
}

std::optional<hdf5::Dataset> D4rlSource::series(const std::string& name) const {
  if (!root_.has(name)) return std::nullopt;
  hdf5::Dataset dataset = table(name);
  if (element_count(dataset.shape()) != rows_) {
    throw input_error("{}: not one number a step", dataset.label());
  }
  return dataset;
}

void D4rlSource::find_ends(int64_t max_episode_steps) {
  if (!timeouts_ && max_episode_steps == 0) {
    throw input_error(
        "{}: there are no timeouts, so that it cannot be known where episodes "
        "were cut: give the most steps of an episode with --max-episode-steps "
        "(where terminals mark every end, any number that is large enough)",
        root_.label());
  }
  constexpr int64_t slice = 1 << 16;
  for (int64_t first = 0; first < rows_; first += slice) {
    const int64_t count = std::min(slice, rows_ - first);
    std::vector<double> ends(static_cast<size_t>(count));
    for (const auto* flags : {&terminals_, &timeouts_}) {
      if (!*flags) continue;
      const std::vector<double> read = read_series(**flags, first, count);
      for (size_t i = 0; i < ends.size(); ++i) {
        if (std::isnan(read[i])) {
          throw input_error("{}: row {} is NaN", (*flags)->label(),
                            first + static_cast<int64_t>(i));
        }
        ends[i] += read[i] != 0;
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      const int64_t end = first + i + 1;
      const int64_t begin = ends_.empty() ? 0 : ends_.back();
      const bool is_full = !timeouts_ && end - begin == max_episode_steps;
      if (ends[static_cast<size_t>(i)] > 0 || is_full) ends_.push_back(end);
    }
  }
  is_cut_ = rows_ > 0 && (ends_.empty() || ends_.back() < rows_);
  if (is_cut_) ends_.push_back(rows_);
}

std::vector<std::string> D4rlSource::notices() const {
  std::vector<std::string> notices;
  if (is_cut_) {
    notices.push_back(
        fmt::format("nothing ends the last episode, from row {} on: it is read "
                    "as one that was cut",
                    first_row(episodes() - 1)));
  }
  for (const std::string& name : root_.names()) {
    if (std::find(known_names.begin(), known_names.end(), name) ==
        known_names.end()) {
      notices.push_back(fmt::format("'{}' is left out", name));
    }
  }
  return notices;
}

Episode D4rlSource::read(int64_t i, int64_t first, int64_t steps) const {
  Episode episode;
  episode.id = i;
  episode.actions = {read_rows(actions_, spec_.action[0], first, steps)};
  const Field& field = spec_.observation[0];
  Column observations = read_rows(observations_, field, first, steps);
  if (next_observations_) {
    append_last_row(observations, read_rows(*next_observations_, field,
                                            first + steps - 1, 1));
  }
  episode.observations = {std::move(observations)};
  if (rewards_) episode.rewards = read_series(*rewards_, first, steps);
  for (const auto& [flags, into] :
       {std::pair{&terminals_, &episode.terminations},
        std::pair{&timeouts_, &episode.truncations}}) {
    into->assign(static_cast<size_t>(steps), 0);
    if (!*flags) continue;
    const std::vector<double> read = read_series(**flags, first, steps);
    for (size_t t = 0; t < read.size(); ++t) (*into)[t] = read[t] != 0;
  }
  for (const auto& [name, dataset] : successes_) {
    std::vector<double> values = read_series(dataset, first, steps);
    episode.success = episode.success.value_or(false) ||
                      std::any_of(values.begin(), values.end(),
                                  [](double x) { return x > 0; });
    episode.infos[name] = std::move(values);
  }
  return episode;
}

Episode D4rlSource::partial_episode(int64_t i, DeferredReads&) {
  const int64_t first = first_row(i);
  const int64_t steps = ends_.at(static_cast<size_t>(i)) - first;
  try {
    Episode episode = read(i, first, steps);
    const bool is_last = i + 1 == episodes();
    if (!episode.terminations.back() && !(is_last && is_cut_)) {
      episode.truncations.back() = 1;  // also by --max-episode-steps
    }
    return episode;
  } catch (const Error& error) {
    throw Error(error.status(),
                fmt::format("{} (episode {}: rows {} to {})", error.what(), i,
                            first, first + steps - 1));
  }
}

}  // namespace

std::unique_ptr<EpisodeSource> open_d4rl(const fs::path& path,
                                         const EpisodeSourceOptions& options) {
  return std::make_unique<D4rlSource>(path, options);
}

}  // namespace gato
