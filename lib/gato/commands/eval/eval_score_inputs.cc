#include "gato/commands/eval/eval_score_inputs.h"

#include <algorithm>

#include "gato/base/error.h"
#include "gato/base/file_patterns.h"

namespace gato::commands {
namespace {

// Reads the datasets of --runs. A value NAME=PATH begins a configuration, a
// PATH belongs to the last one, and each path is a training run.
std::vector<eval::Configuration> read_configurations(
    const std::vector<std::string>& values, int64_t max_episode_steps,
    base::ProgressDisplay& display) {
  std::vector<eval::Configuration> configurations;
  size_t current = 0;
  for (const std::string& value : values) {
    const size_t equals = value.find('=');
    const bool has_name =
        equals != std::string::npos && equals > 0 && value.find('/') > equals;
    if (!has_name && configurations.empty()) {
      throw base::usage_error(
          "option --runs: '{}' has no name: use NAME=PATH, where NAME is that "
          "of the configuration",
          value);
    }
    if (has_name) {
      // A name that is given again continues its configuration.
      const std::string name = value.substr(0, equals);
      const auto known =
          std::ranges::find(configurations, name, &eval::Configuration::name);
      current = static_cast<size_t>(known - configurations.begin());
      if (known == configurations.end()) {
        configurations.push_back({name, {}});
      }
    }
    eval::Configuration& configuration = configurations[current];
    for (const std::string& path :
         base::expand_patterns({has_name ? value.substr(equals + 1) : value})) {
      for (eval::DatasetOutcomes& outcomes :
           read_all_outcomes({path}, max_episode_steps, display)) {
        outcomes.run = path;
        configuration.outcomes.push_back(std::move(outcomes));
      }
    }
  }
  for (const eval::Configuration& configuration : configurations) {
    require_distinct_datasets(configuration.outcomes);
  }
  return configurations;
}

}  // namespace

data::Provenance ScoreInputs::provenance(const data::RunRecord& record) const {
  std::vector<const std::vector<eval::DatasetOutcomes>*> all{&outcomes};
  for (const eval::Configuration& configuration : configurations) {
    all.push_back(&configuration.outcomes);
  }
  all.push_back(&baseline);
  return report_provenance(record, all, references);
}

ScoreInputs read_inputs(const EvalScoreOptions& options,
                        cli::CommandContext& context) {
  const int64_t max_steps = options.max_episode_steps;
  ScoreInputs inputs;
  inputs.references = load_all_references(options.references, max_steps);
  inputs.configurations =
      read_configurations(options.runs, max_steps, context.progress);
  inputs.outcomes =
      read_all_outcomes(context.common.inputs, max_steps, context.progress);
  if (inputs.outcomes.empty() && !inputs.configurations.empty()) {
    inputs.outcomes = inputs.configurations.front().outcomes;
  }
  inputs.baseline =
      read_all_outcomes(options.against, max_steps, context.progress);
  inputs.references.add_defaults(inputs.outcomes);
  return inputs;
}

}  // namespace gato::commands
