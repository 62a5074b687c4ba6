// Reads the returns and successes of the episodes in datasets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace gato::eval {

// The value of an episode: its return, or 1 if it succeeded and 0 if not.
enum class Metric { mean_return, success };

struct EpisodeOutcome {
  int64_t id = 0;                // its number in the dataset
  std::optional<uint64_t> seed;  // of the environment
  double total_reward = 0;       // meaningless if `failed`
  // Empty if the episode does not report whether it succeeded.
  std::optional<bool> success;
  bool failed = false;  // the environment failed
  std::string failure;  // why it failed; may be empty
};

// The outcomes of the episodes in one dataset.
struct DatasetOutcomes {
  std::filesystem::path path;       // as given by the user
  std::filesystem::path hdf5_file;  // the file that was read
  std::string task, domain;
  std::string agent;          // the policy that acted; may be empty
  nlohmann::json provenance;  // null if the dataset has none
  nlohmann::json settings;    // data::TaskSpec::settings
  // The object gato_latency of a run with --control-period, otherwise null.
  nlohmann::json latency;
  // Minari's ref_min_score and ref_max_score, the mean returns of a random
  // policy and of an expert, and the number of episodes of these means.
  std::optional<double> min_reference, max_reference;
  std::optional<int64_t> reference_episodes;
  std::vector<EpisodeOutcome> episodes;
  // The training run that the dataset belongs to. If it is empty, the policy
  // that acted identifies the run.
  std::string run;

  int64_t episode_count() const { return std::ssize(episodes); }
  int64_t failed_count() const;
  // Counts of the episodes that did not fail and report whether they succeeded.
  int64_t success_report_count() const;
  int64_t success_count() const;
  // The values of the episodes that did not fail. An episode that does not
  // report whether it succeeded counts as 0.
  std::vector<double> values(Metric metric) const;
};

// Returns the value of an episode that did not fail.
double episode_value(const EpisodeOutcome& episode, Metric metric);

// Reads a dataset of any format that ingest::open_episodes accepts.
// `max_episode_steps` is that of EpisodeSourceOptions. Throws Error(io) if the
// dataset does not exist and Error(bad_input) if it is not a dataset, contains
// no episodes, or has missing or non-finite rewards.
DatasetOutcomes read_dataset_outcomes(const std::filesystem::path& dataset,
                                      int64_t max_episode_steps = 0);

}  // namespace gato::eval
