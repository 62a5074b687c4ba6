// gato-eval score: episodes and references to a report.
#pragma once

#include <string>
#include <vector>

#include "gato/cli/options.h"
#include "gato/cli/tool.h"

namespace gato {

struct ScoreCommandOptions {
  std::vector<std::string> references;      // JSON files, later ones win
  std::vector<std::string> expert, random;  // datasets; win over references
  int64_t resamples = 10000;
  std::string title = "Scores";
  // For the HTML report alone.
  std::string training;            // metrics.jsonl of a run
  std::string captions;            // JSON lines of captioned pictures
  std::string caption_references;  // COCO file with the right captions
};

// The table goes to stdout, the report to context.common.output, where one is
// named: .json, .csv or .html.
ExitStatus score_command(const ScoreCommandOptions& options,
                         cli::Context& context);

}  // namespace gato
