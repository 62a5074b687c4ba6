// The output of gato-rollout control: a dataset per task, and the table of
// their returns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/cli/tool.h"
#include "gato/commands/rollout/policy_builder.h"
#include "gato/commands/rollout/rollout_control.h"
#include "gato/commands/rollout/started_tasks.h"
#include "gato/data/provenance.h"
#include "gato/rollout/control_clock.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/recording.h"
#include "gato/rollout/return_summary.h"

namespace gato::commands {

class ControlOutput {
 public:
  // `plan` is that of plan_shard(). All arguments must outlive this object.
  // `tasks` may be filled later.
  ControlOutput(const RolloutControlOptions& options,
                const cli::CommonOptions& common,
                const rollout::BatchPlan& plan,
                const PolicyBuilder& policy_builder,
                const std::vector<ControlTask>& tasks);

  const std::filesystem::path& path() const { return path_; }

  // Returns whether the output exists and is what this run, which has the
  // options of `table` and whose recording would begin with `start`, writes.
  // Throws Error(usage) if it is anything else, unless --force may replace it.
  bool is_complete(const cli::OptionTable& table,
                   const nlohmann::json& start) const;
  // Reads the outcomes of an output that is complete.
  void read();
  // Writes the datasets from the recording, which must have all episodes.
  void write(const rollout::Recording& recording,
             const data::Provenance& provenance);
  // Prints the table of what was read or written. Returns run_failed if all
  // episodes of a task failed.
  base::ExitStatus report() const;

 private:
  std::filesystem::path dataset_path(const std::filesystem::path& output,
                                     const ControlTask& task) const;
  // Returns what shows that the dataset is not what this run writes for the
  // task, or an empty string.
  std::string find_difference(const ControlTask& task,
                              const std::filesystem::path& dataset,
                              const cli::OptionTable& table,
                              const nlohmann::json& start) const;
  void write_dataset(const ControlTask& task,
                     const std::filesystem::path& dataset,
                     const rollout::Recording& recording,
                     const data::Provenance& provenance);
  // Returns the latencies of the task's steps, and adds them to those of the
  // run.
  nlohmann::json latency_of(const ControlTask& task,
                            const rollout::Recording& recording);

  const RolloutControlOptions& options_;
  const cli::CommonOptions& common_;
  const rollout::BatchPlan& plan_;
  const PolicyBuilder& policy_builder_;
  const std::vector<ControlTask>& tasks_;
  const std::filesystem::path path_;
  // One per task.
  std::vector<rollout::ReturnSummary> outcomes_;
  int64_t step_count_ = 0, retried_count_ = 0;
  // The timing of all steps that were written with a control period.
  std::optional<rollout::ControlTiming> timing_;
};

}  // namespace gato::commands
