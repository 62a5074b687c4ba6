#include "gato/ingest/episodes/d4rl.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5_unwritten.h"
#include "gato/ingest/episodes/dataset_fields.h"
#include "gato/ingest/episodes/episode_file_format.h"
#include "gato/ingest/episodes/hdf5_columns.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::array kKnownNames{
    "observations",      "actions", "rewards",  "terminals", "timeouts",
    "next_observations", "infos",   "metadata", "virtual"};

class D4rlSource : public EpisodeSource {
 public:
  D4rlSource(const fs::path& path, const EpisodeSourceOptions& options);

  const data::TaskSpec& spec() const override { return spec_; }
  std::string agent() const override { return agent_; }
  fs::path file() const override { return file_; }
  std::vector<std::string> warnings() const override;
  int64_t episode_count() const override {
    return static_cast<int64_t>(episode_ends_.size());
  }
  data::Episode read_partial_episode(int64_t i,
                                     DeferredReads& deferred) override;

 private:
  // Returns a dataset of one number per step; nullopt if it does not exist.
  std::optional<data::hdf5::Dataset> scalar_dataset(
      const std::string& name) const;
  data::hdf5::Dataset row_dataset(const std::string& name) const;
  void find_episode_ends(int64_t max_episode_steps);
  int64_t first_row(int64_t i) const {
    return i == 0 ? 0 : episode_ends_[static_cast<size_t>(i - 1)];
  }
  data::Episode read_rows_as_episode(int64_t i, int64_t first, int64_t steps,
                                     DeferredReads& deferred) const;

  fs::path file_;
  data::hdf5::Group root_;
  int64_t row_count_ = 0;
  // Kept open: the next episode may need a chunk that is already decompressed.
  data::hdf5::Dataset observations_, actions_;
  std::optional<data::hdf5::Dataset> next_observations_, rewards_, terminals_,
      timeouts_;
  std::vector<std::pair<std::string, data::hdf5::Dataset>> successes_;
  data::TaskSpec spec_;
  std::string agent_;
  std::vector<int64_t> episode_ends_;  // one past the last row of every episode
  // True if the file ends before the last episode does.
  bool is_last_episode_incomplete_ = false;
};

D4rlSource::D4rlSource(const fs::path& path,
                       const EpisodeSourceOptions& options)
    : file_(path), root_(data::hdf5::open_file(path)) {
  if (detect_episode_format(root_) != EpisodeFileFormat::d4rl) {
    throw base::input_error("{}: this is {}, not a D4RL file", path.string(),
                            describe_episode_file(root_));
  }
  observations_ = root_.sequential_dataset("observations");
  row_count_ = observations_.row_count();
  actions_ = row_dataset("actions");
  if (root_.has("next_observations")) {
    next_observations_ = row_dataset("next_observations");
  }
  rewards_ = scalar_dataset("rewards");
  terminals_ = scalar_dataset("terminals");
  timeouts_ = scalar_dataset("timeouts");
  for (const std::string name : data::kSuccessInfoKeys) {
    if (auto found = scalar_dataset("infos/" + name)) {
      successes_.emplace_back(name, *std::move(found));
    }
  }
  spec_.observation_fields = {
      infer_observation_field(observations_, "observation", options.roles)};
  spec_.action_fields = {infer_action_field(actions_)};
  const std::string stem = path.stem().string();
  spec_.name = options.task.empty() ? stem : options.task;
  spec_.domain = options.domain.empty() ? "d4rl" : options.domain;
  agent_ = options.source.empty() ? stem : options.source;
  apply_roles(options.roles, root_.label(), spec_);
  find_episode_ends(options.max_episode_steps);
}

data::hdf5::Dataset D4rlSource::row_dataset(const std::string& name) const {
  data::hdf5::Dataset dataset = root_.sequential_dataset(name);
  if (dataset.shape().empty() || dataset.row_count() != row_count_) {
    throw base::input_error("{}: {} rows, but observations has {}",
                            dataset.label(), dataset.row_count(), row_count_);
  }
  return dataset;
}

std::optional<data::hdf5::Dataset> D4rlSource::scalar_dataset(
    const std::string& name) const {
  if (!root_.has(name)) {
    return std::nullopt;
  }
  data::hdf5::Dataset dataset = row_dataset(name);
  if (data::element_count(dataset.shape()) != row_count_) {
    throw base::input_error("{}: not one number per step", dataset.label());
  }
  return dataset;
}

void D4rlSource::find_episode_ends(int64_t max_episode_steps) {
  if (!timeouts_ && max_episode_steps == 0) {
    throw base::input_error(
        "{}: there are no timeouts to say where episodes were truncated: "
        "specify the maximum length of an episode with --max-episode-steps (if "
        "terminals mark every end, any number that is large enough)",
        root_.label());
  }
  constexpr int64_t kRowsPerRead = 1 << 16;
  for (int64_t first = 0; first < row_count_; first += kRowsPerRead) {
    const int64_t count = std::min(kRowsPerRead, row_count_ - first);
    std::vector<double> ends(static_cast<size_t>(count));
    for (const auto* flags : {&terminals_, &timeouts_}) {
      if (!*flags) {
        continue;
      }
      const std::vector<double> read = read_scalars(**flags, first, count);
      for (size_t i = 0; i < ends.size(); ++i) {
        if (std::isnan(read[i])) {
          throw base::input_error("{}: row {} is NaN", (*flags)->label(),
                                  first + static_cast<int64_t>(i));
        }
        ends[i] += read[i] != 0;
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      const int64_t end = first + i + 1;
      const int64_t begin = episode_ends_.empty() ? 0 : episode_ends_.back();
      const bool is_full = !timeouts_ && end - begin == max_episode_steps;
      if (ends[static_cast<size_t>(i)] > 0 || is_full) {
        episode_ends_.push_back(end);
      }
    }
  }
  is_last_episode_incomplete_ =
      row_count_ > 0 &&
      (episode_ends_.empty() || episode_ends_.back() < row_count_);
  if (is_last_episode_incomplete_) {
    episode_ends_.push_back(row_count_);
  }
}

std::vector<std::string> D4rlSource::warnings() const {
  std::vector<std::string> warnings;
  if (auto unwritten = data::hdf5::take_unwritten_warning(file_.string())) {
    warnings.push_back(*std::move(unwritten));
  }
  if (is_last_episode_incomplete_) {
    warnings.push_back(fmt::format(
        "the last episode, from row {} on, has no end: it is read as an "
        "unfinished episode",
        first_row(episode_count() - 1)));
  }
  for (const std::string& name : root_.child_names()) {
    if (std::find(kKnownNames.begin(), kKnownNames.end(), name) ==
        kKnownNames.end()) {
      warnings.push_back(fmt::format("'{}' is ignored", name));
    }
  }
  return warnings;
}

data::Episode D4rlSource::read_rows_as_episode(int64_t i, int64_t first,
                                               int64_t steps,
                                               DeferredReads& deferred) const {
  data::Episode episode;
  episode.id = i;
  append_rows(actions_, spec_.action_fields[0], first, steps, episode,
              &data::Episode::actions, deferred);
  append_rows(observations_, spec_.observation_fields[0], first, steps, episode,
              &data::Episode::observations, deferred,
              next_observations_ ? &*next_observations_ : nullptr);
  if (rewards_) {
    episode.rewards = read_scalars(*rewards_, first, steps);
  }
  for (const auto& [flags, values] :
       {std::pair{&terminals_, &episode.terminations},
        std::pair{&timeouts_, &episode.truncations}}) {
    values->assign(static_cast<size_t>(steps), 0);
    if (!*flags) {
      continue;
    }
    const std::vector<double> read = read_scalars(**flags, first, steps);
    for (size_t t = 0; t < read.size(); ++t) {
      (*values)[t] = read[t] != 0;
    }
  }
  for (const auto& [name, dataset] : successes_) {
    episode.infos[name] = read_scalars(dataset, first, steps);
  }
  episode.success = data::success_from_infos(episode.infos);
  return episode;
}

data::Episode D4rlSource::read_partial_episode(int64_t i,
                                               DeferredReads& deferred) {
  const int64_t first = first_row(i);
  const int64_t steps = episode_ends_.at(static_cast<size_t>(i)) - first;
  try {
    data::Episode episode = read_rows_as_episode(i, first, steps, deferred);
    const bool is_last = i + 1 == episode_count();
    if (!episode.terminations.back() &&
        !(is_last && is_last_episode_incomplete_)) {
      episode.truncations.back() = 1;  // perhaps by --max-episode-steps
    }
    return episode;
  } catch (const base::Error& error) {
    throw base::Error(error.status(),
                      fmt::format("{} (episode {}: rows {} to {})",
                                  error.what(), i, first, first + steps - 1));
  }
}

}  // namespace

std::unique_ptr<EpisodeSource> open_d4rl(const fs::path& path,
                                         const EpisodeSourceOptions& options) {
  return std::make_unique<D4rlSource>(path, options);
}

}  // namespace gato::ingest
