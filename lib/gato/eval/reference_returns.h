// What random, expert and human play are worth: the ends of the scale.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "gato/eval/dataset_outcomes.h"

namespace gato::eval {

struct ReferenceReturn {
  double mean = 0;
  std::optional<double> std;        // where known
  std::optional<int64_t> episodes;  // episodes, where known
};

struct TaskReferences {
  std::optional<ReferenceReturn> random, expert, human;
  std::string source;  // where the numbers are from; may be empty
};

// By task name.
using ReferenceTable = std::map<std::string, TaskReferences>;

// A JSON file {"TASK": {"random": {"mean","std","n"}, "expert": {...},
// "human": {...}, "source": "..."}}, all but "mean" optional; the
// scores_dict.json of JAT is one. Later files replace the entries of earlier
// ones, one by one. Errors: io, bad_input naming file, task and key.
void load_references(const std::filesystem::path& path, ReferenceTable& into);

// The mean return of a dataset's episodes, as its task's expert or random
// reference; failed episodes say nothing about a policy and are left out. Error
// (bad_input) where none is left.
enum class ReferenceKind { random, expert };
void add_reference(const DatasetOutcomes& outcomes, ReferenceKind kind,
                   ReferenceTable& into);

}  // namespace gato::eval
