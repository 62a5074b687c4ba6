// Resuming an interrupted gato-rollout control: the settings that a recording
// must share with the run, and the episodes that it lacks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/base/shard.h"
#include "gato/cli/option_table.h"
#include "gato/commands/rollout/rollout_control.h"
#include "gato/data/provenance.h"
#include "gato/data/task.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/recording.h"

namespace gato::commands {

// Returns "OUTPUT.partial".
std::filesystem::path recording_path(const std::filesystem::path& output);

// Returns the episodes of this shard, in batches of --batch or a few less. A
// scripted policy plays the same episode in every batch, so that shards divide
// the episodes. A model's arithmetic may differ in the last bits, so that
// shards divide the batches of the run. Throws Error(usage) if there are more
// shards than that.
rollout::BatchPlan plan_shard(const RolloutControlOptions& options,
                              const base::Shard& shard);

// Returns the number of episodes in all batches.
int64_t count_episodes(const rollout::BatchPlan& plan);

// Returns the batches that a run with `threads` threads plays. Those of a model
// join several batches of the shard, up to four, whose episodes follow one
// another in the same slots: as many as leave a batch for each thread.
rollout::BatchPlan join_batches(const RolloutControlOptions& options,
                                const rollout::BatchPlan& shard_plan,
                                int64_t threads);

// Returns the batches of `plan` without what the recording has: without the
// episodes of a scripted policy, and without the complete batches of a model.
// The episodes that are `to_film` count as missing.
rollout::BatchPlan plan_missing(const RolloutControlOptions& options,
                                const rollout::BatchPlan& plan,
                                const rollout::Recording& recording,
                                const std::string& task,
                                const std::vector<int64_t>& to_film);

// Returns what a recording begins with: the run that `provenance` describes,
// its tasks and its number of threads.
nlohmann::json recording_start(const data::Provenance& provenance,
                               const std::vector<data::TaskSpec>& tasks,
                               int64_t threads);
// Returns the number of threads for join_batches(), so that a run that is
// resumed with another number plays the same batches.
int64_t recorded_threads(const nlohmann::json& start);

// Returns the first difference between two runs that changes their episodes,
// such as "--seed was 1 and is now 2", or an empty string. `now` is a
// recording_start() and `table` has the options of that run. `earlier` has the
// "configuration" of provenance, and may have "inputs" and "tasks"; it lacks
// options that were introduced later and had their defaults.
std::string find_changed_setting(const cli::OptionTable& table,
                                 const nlohmann::json& earlier,
                                 const nlohmann::json& now);

// Returns the provenance of the datasets of a run that was begun with `start`
// and that this process completes: that of a run without interruption, except
// for options that may change on --resume, whose values are those of `now`.
data::Provenance resumed_provenance(const cli::OptionTable& table,
                                    data::Provenance now,
                                    const nlohmann::json& start);

}  // namespace gato::commands
