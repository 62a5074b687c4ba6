// The options and inputs of gato-eval score.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/cli/tool.h"
#include "gato/commands/eval/eval_inputs.h"
#include "gato/eval/score.h"

namespace gato::commands {

struct EvalScoreOptions {
  ReferenceOptions references;
  std::string metric = "return";
  std::vector<std::string> runs;     // NAME=PATH, PATH ...
  std::vector<std::string> against;  // datasets of a baseline
  int64_t max_episode_steps = 0;
  int64_t resamples = 10000;
  std::string csv_table = "tasks";
  bool check = false;
  std::string fail_on = "error";
  // Used by the HTML report only.
  std::string title = "Scores";
  std::string films;                        // directory of videos by task
  std::string metrics_file;                 // metrics.jsonl of a training run
  std::vector<std::string> few_shot_files;  // JSON of gato-eval few-shot
  std::string captions_file;                // JSON lines of captioned images
  std::string caption_references_file;      // COCO file of reference captions
};

// Everything that gato-eval score reads about episodes.
struct ScoreInputs {
  LoadedReferences references;
  std::vector<eval::DatasetOutcomes> outcomes;  // of the tables of tasks
  std::vector<eval::Configuration> configurations;
  std::vector<eval::DatasetOutcomes> baseline;

  data::Provenance provenance(const data::RunRecord& record) const;
};

// Reads the references, the operands and the datasets of --runs and --against.
// Without operands, the tables of tasks are those of the first configuration.
ScoreInputs read_inputs(const EvalScoreOptions& options,
                        cli::CommandContext& context);

}  // namespace gato::commands
