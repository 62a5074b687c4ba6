#include "gato/commands/eval/eval_inputs.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>

#include "gato/base/error.h"
#include "gato/ingest/episodes/dataset_search.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

bool is_dataset(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) || path.extension() == ".hdf5";
}

// Adds what Minari stored in the metadata of the datasets of one operand.
void add_minari_sets(const std::string& operand, int64_t max_episode_steps,
                     LoadedReferences& loaded) {
  for (const fs::path& path : ingest::find_datasets(operand)) {
    loaded.outcomes.push_back(
        eval::read_dataset_outcomes(path, max_episode_steps));
    eval::ReferenceSet set{path.string(), {}};
    if (!eval::add_minari_references(loaded.outcomes.back(), set.table)) {
      throw base::input_error(
          "{}: its metadata has neither ref_min_score nor ref_max_score: pass "
          "episodes of the policies with --random and --expert instead",
          path.string());
    }
    loaded.sets.push_back(std::move(set));
  }
}

// Adds the episodes of one policy. Datasets of the same task are pooled.
void add_episodes(const std::vector<std::string>& operands,
                  eval::ReferenceKind kind, int64_t max_episode_steps,
                  LoadedReferences& loaded) {
  std::map<std::string, eval::DatasetOutcomes> tasks;
  std::vector<eval::DatasetOutcomes> datasets;
  for (const std::string& path : ingest::find_all_datasets(operands)) {
    datasets.push_back(eval::read_dataset_outcomes(path, max_episode_steps));
    const eval::DatasetOutcomes& one = datasets.back();
    const auto [entry, is_new] = tasks.try_emplace(one.task, one);
    if (!is_new) {
      entry->second.episodes.insert(entry->second.episodes.end(),
                                    one.episodes.begin(), one.episodes.end());
      entry->second.path += ", " + path;
    }
  }
  require_distinct_datasets(datasets);
  std::ranges::move(datasets, std::back_inserter(loaded.outcomes));
  if (tasks.empty()) {
    return;
  }
  eval::ReferenceSet set{
      kind == eval::ReferenceKind::random ? "--random" : "--expert", {}};
  for (const auto& [task, outcomes] : tasks) {
    eval::add_reference(outcomes, kind, set.table);
  }
  loaded.sets.push_back(std::move(set));
}

}  // namespace

void add_reference_options(cli::OptionTable& table, ReferenceOptions& options) {
  table
      .add("references", &options.references,
           "JSON files with the mean returns and success rates of the random "
           "policy and of the expert per task, or Minari datasets with "
           "reference scores in their metadata; later ones override earlier "
           "ones")
      .metavar("FILE...")
      .files();
  table
      .add("expert", &options.expert_datasets,
           "Datasets of the expert; their means override --references")
      .metavar("DATASET...")
      .files();
  table
      .add("random", &options.random_datasets,
           "Datasets of the random policy; their means override --references")
      .metavar("DATASET...")
      .files();
}

void add_metric_option(cli::OptionTable& table, std::string& metric) {
  table
      .add("metric", &metric,
           "The value of an episode. return: the sum of its rewards. success: "
           "1 if it succeeded, otherwise 0")
      .one_of({"return", "success"})
      .metavar("METRIC");
}

eval::Metric parse_metric(const std::string& metric) {
  return metric == "success" ? eval::Metric::success
                             : eval::Metric::mean_return;
}

void LoadedReferences::add_defaults(
    const std::vector<eval::DatasetOutcomes>& datasets) {
  eval::ReferenceSet set{"metadata", {}};
  for (const eval::DatasetOutcomes& one : datasets) {
    eval::add_minari_references(one, set.table);
  }
  sets.insert(sets.begin(), std::move(set));
}

LoadedReferences load_all_references(const ReferenceOptions& options,
                                     int64_t max_episode_steps) {
  LoadedReferences loaded;
  for (const std::string& path : options.references) {
    if (is_dataset(path)) {
      add_minari_sets(path, max_episode_steps, loaded);
      continue;
    }
    eval::ReferenceSet set{path, {}};
    eval::load_references(path, set.table);
    loaded.files.push_back(path);
    loaded.sets.push_back(std::move(set));
  }
  add_episodes(options.random_datasets, eval::ReferenceKind::random,
               max_episode_steps, loaded);
  add_episodes(options.expert_datasets, eval::ReferenceKind::expert,
               max_episode_steps, loaded);
  return loaded;
}

void require_distinct_datasets(
    const std::vector<eval::DatasetOutcomes>& outcomes) {
  std::map<fs::path, const fs::path*> seen;  // by the real path of the file
  for (const eval::DatasetOutcomes& one : outcomes) {
    std::error_code error;
    const fs::path file = fs::canonical(one.hdf5_file, error);
    const auto [first, is_new] =
        seen.try_emplace(error ? one.hdf5_file : file, &one.path);
    if (is_new) {
      continue;
    }
    if (*first->second == one.path) {
      throw base::usage_error(
          "{}: this dataset is given twice, so its episodes would count twice",
          one.path.string());
    }
    throw base::usage_error(
        "{}: this is the same dataset as {}, so its episodes would count twice",
        one.path.string(), first->second->string());
  }
}

std::vector<eval::DatasetOutcomes> read_all_outcomes(
    const std::vector<std::string>& operands, int64_t max_episode_steps,
    base::ProgressDisplay& display) {
  const std::vector<std::string> datasets = ingest::find_all_datasets(operands);
  base::Progress progress(&display, "reading", "datasets",
                          std::ssize(datasets));
  std::vector<eval::DatasetOutcomes> outcomes;
  for (const std::string& path : datasets) {
    outcomes.push_back(eval::read_dataset_outcomes(path, max_episode_steps));
    progress.advance();
  }
  require_distinct_datasets(outcomes);
  return outcomes;
}

void warn_about_failed_datasets(
    const std::vector<eval::DatasetOutcomes>& outcomes) {
  for (const eval::DatasetOutcomes& one : outcomes) {
    if (one.failed_count() == one.episode_count()) {
      spdlog::warn(
          "{}: all {} episodes failed, so they say nothing about the policy: "
          "record them again",
          one.path.string(), one.failed_count());
    }
  }
}

data::Provenance report_provenance(
    const data::RunRecord& record,
    const std::vector<const std::vector<eval::DatasetOutcomes>*>& outcomes,
    const LoadedReferences& references) {
  data::Provenance provenance(record);
  std::set<fs::path> added;
  const auto add = [&](const std::vector<eval::DatasetOutcomes>& all) {
    for (const eval::DatasetOutcomes& one : all) {
      if (added.insert(one.hdf5_file).second) {
        provenance.add_input(one.hdf5_file);
        provenance.add_parent(one.provenance);
      }
    }
  };
  for (const auto* datasets : outcomes) {
    add(*datasets);
  }
  add(references.outcomes);
  for (const std::string& path : references.files) {
    provenance.add_input(path);
  }
  return provenance;
}

}  // namespace gato::commands
