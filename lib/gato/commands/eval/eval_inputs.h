// The inputs of gato-eval score and compare: episodes and references.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/base/progress.h"
#include "gato/cli/option_table.h"
#include "gato/data/provenance.h"
#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"

namespace gato::commands {

struct ReferenceOptions {
  std::vector<std::string> references;  // files, or Minari datasets
  std::vector<std::string> random_datasets, expert_datasets;
};

// Adds --references, --random and --expert.
void add_reference_options(cli::OptionTable& table, ReferenceOptions& options);

// Adds --metric. `metric` is its text; see parse_metric().
void add_metric_option(cli::OptionTable& table, std::string& metric);
eval::Metric parse_metric(const std::string& metric);

struct LoadedReferences {
  // Listed in ascending precedence: each file and dataset of --references in
  // turn, --random and --expert.
  std::vector<eval::ReferenceSet> sets;
  std::vector<std::string> files;               // the JSON files
  std::vector<eval::DatasetOutcomes> outcomes;  // of the datasets

  // Puts the references in the metadata of datasets below all others.
  void add_defaults(const std::vector<eval::DatasetOutcomes>& datasets);
  eval::ReferenceTable table() const { return merge_references(sets); }
};

LoadedReferences load_all_references(const ReferenceOptions& options,
                                     int64_t max_episode_steps);

// Throws Error(usage) if two of the outcomes are of the same file, by whatever
// paths, because its episodes would count twice.
void require_distinct_datasets(
    const std::vector<eval::DatasetOutcomes>& outcomes);

// Reads the outcomes of the datasets of all operands, with progress. Throws
// Error(usage) if a dataset is among them twice.
std::vector<eval::DatasetOutcomes> read_all_outcomes(
    const std::vector<std::string>& operands, int64_t max_episode_steps,
    base::ProgressDisplay& display);

// Logs a warning for each dataset of which all episodes failed.
void warn_about_failed_datasets(
    const std::vector<eval::DatasetOutcomes>& outcomes);

// Returns the provenance of a report with the datasets, and with the files and
// datasets of the references. A dataset with several roles is listed once.
data::Provenance report_provenance(
    const data::RunRecord& record,
    const std::vector<const std::vector<eval::DatasetOutcomes>*>& outcomes,
    const LoadedReferences& references);

}  // namespace gato::commands
