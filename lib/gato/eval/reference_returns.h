// Reference returns and success rates of the random policy and the expert,
// which define the scale of the scores, and of human players.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"

namespace gato::eval {

// The results of one policy on one task; what is unknown is empty or null.
struct ReferenceReturn {
  std::optional<double> mean, std;
  std::optional<int64_t> episodes;
  std::optional<double> success;      // share of the episodes that succeeded
  std::string source;                 // origin of the numbers; may be empty
  nlohmann::json settings = nullptr;  // data::TaskSpec::settings
};

struct TaskReferences {
  std::optional<ReferenceReturn> random, expert, human;
  std::string source;  // of the entry that was added last; may be empty
};

// Returns the mean return or the success rate; nullopt if it is unknown.
std::optional<double> reference_value(
    const std::optional<ReferenceReturn>& reference, Metric metric);

// Maps task names to references.
using ReferenceTable = std::map<std::string, TaskReferences>;

// References from one file or dataset.
struct ReferenceSet {
  std::string name;  // the path
  ReferenceTable table;
};

// Loads a JSON file {"TASK": {"random": {"mean","std","n","success"}, "expert":
// {...}, "human": {...}, "source": "...", "settings": {...}}} into `into`. A
// policy needs "mean" or "success"; everything else is optional, and a "std"
// that is NaN is unknown. An entry that `into` already has is replaced. The
// scores_dict.json of JAT has this format.
// Throws Error(io) if the file cannot be read and Error(bad_input), naming
// file, task and key, if it is invalid.
void load_references(const std::filesystem::path& path, ReferenceTable& into);

enum class ReferenceKind { random, expert };
// Makes the mean return and the success rate of a dataset the reference of its
// task. Failed episodes say nothing about the policy and are ignored. Throws
// Error(bad_input) if all episodes failed.
void add_reference(const DatasetOutcomes& outcomes, ReferenceKind kind,
                   ReferenceTable& into);

// Adds the references that Minari stored in the metadata of a dataset: its
// ref_min_score as random, its ref_max_score as expert. Returns false if it has
// neither.
bool add_minari_references(const DatasetOutcomes& outcomes,
                           ReferenceTable& into);

// Returns the references of all sets. Each policy of a task has those of the
// last set that has any of it.
ReferenceTable merge_references(const std::vector<ReferenceSet>& sets);

}  // namespace gato::eval
