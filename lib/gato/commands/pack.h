// gato-pack: token files to one sequence file.
#pragma once

#include <cstdint>
#include <string>

#include "gato/cli/tool.h"

namespace gato::commands {

struct PackCommandOptions {
  int64_t length = 1024;
  int64_t sequences = 0;  // 0: as many as have room for every token
  std::string mixture;    // TOML file; empty: operands alone
  double prompt_fraction = 0.25;
  std::string fill = "same-task";
  int64_t window_steps = 0;
};

// Packs context.common.inputs and the mixture file into context.common.output:
// those sequences of the run that are context.common.shard's. The achieved
// shares go to stdout and into the file.
base::ExitStatus run_pack(const PackCommandOptions& options,
                          cli::CommandContext& context);

// The command of gato-pack, for cli::run.
cli::Command pack_command();

}  // namespace gato::commands
