// gato-train --export: writes the model of a run or of a model directory
// without the training state.
#pragma once

#include <optional>
#include <string>

#include "gato/cli/tool.h"

namespace gato::commands {

struct ExportOptions {
  std::optional<std::string> source;  // a run or a model directory
  std::string dtype = "fp32";         // or "bf16"
};

// Adds --export and --dtype. Options of training are an error with --export,
// and so is --dtype without it.
void add_export_options(cli::OptionTable& table, ExportOptions& options);

// Writes the model directory `context.common.output`. Throws Error(usage) if
// the output exists, unless --force is given and it is a model directory that
// contains no training state. Throws the errors of model::load_model(), and
// Error(io) if the output cannot be written.
base::ExitStatus export_model(const ExportOptions& options,
                              const cli::CommandContext& context);

}  // namespace gato::commands
