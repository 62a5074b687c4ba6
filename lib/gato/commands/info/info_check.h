// gato-info --check: finds problems with files as training data.
#pragma once

#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/cli/tool.h"
#include "gato/eval/check/finding.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::commands {

struct CheckOptions {
  std::string text_model;  // path; empty: texts of datasets are not encoded
  ingest::EpisodeSourceOptions episodes;
};

struct CheckedFile {
  std::string kind;       // "gato-tokens", "minari" ...; empty if it is unknown
  std::string kind_name;  // for people
  std::vector<eval::Finding> findings;
  // Success, or the status of a file that cannot be read, which is also a
  // finding "unreadable".
  base::ExitStatus status = base::ExitStatus::success;
};

// Reads a file or directory of any kind and returns what is wrong with it.
// Throws only Error(usage).
CheckedFile check_file(const std::string& path, const CheckOptions& options,
                       const cli::CommandContext& context);

// Checks all inputs and prints what is wrong with them, as tables or as one
// JSON object. Returns `run_failed` if a finding is at or above `fail_on`.
// Throws an Error if an input cannot be read.
base::ExitStatus check_files(const CheckOptions& options,
                             eval::Severity fail_on, bool as_json,
                             const cli::CommandContext& context);

}  // namespace gato::commands
