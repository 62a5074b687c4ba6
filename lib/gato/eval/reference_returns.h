// Reference returns of the random policy and the expert, which define the scale
// of the scores, and of human players.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "gato/eval/dataset_outcomes.h"

namespace gato::eval {

// The returns of one policy on one task; empty optionals are unknown.
struct ReferenceReturn {
  double mean = 0;
  std::optional<double> std;
  std::optional<int64_t> episodes;
};

struct TaskReferences {
  std::optional<ReferenceReturn> random, expert, human;
  std::string source;  // origin of the numbers; may be empty
};

// Maps task names to references.
using ReferenceTable = std::map<std::string, TaskReferences>;

// Loads a JSON file {"TASK": {"random": {"mean","std","n"}, "expert": {...},
// "human": {...}, "source": "..."}} into `into`. All keys but "mean" are
// optional. An entry that `into` already has is replaced. The scores_dict.json
// of JAT has this format. Throws Error(io) if the file cannot be read and
// Error(bad_input), naming file, task and key, if it is invalid.
void load_references(const std::filesystem::path& path, ReferenceTable& into);

enum class ReferenceKind { random, expert };
// Makes the mean return of a dataset the reference of its task. Failed episodes
// say nothing about the policy and are ignored. Throws Error(bad_input) if all
// episodes failed.
void add_reference(const DatasetOutcomes& outcomes, ReferenceKind kind,
                   ReferenceTable& into);

}  // namespace gato::eval
