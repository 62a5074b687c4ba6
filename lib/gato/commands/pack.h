// The program gato-pack, which packs token files into a sequence file.
#pragma once

#include <cstdint>
#include <string>

#include "gato/cli/tool.h"

namespace gato::commands {

struct PackOptions {
  int64_t length = 1024;
  int64_t sequences = 0;  // 0: enough that every token has room
  std::string mixture;    // a TOML file; empty: only operands
  double prompt_fraction = 0.25;
  std::string fill = "same-task";
  int64_t window_steps = 0;
};

// Packs context.common.inputs and the entries of the mixture file into
// context.common.output, which gets the sequences of context.common.shard.
// Prints the report on the achieved shares, which is also stored in the file.
base::ExitStatus run_pack(const PackOptions& options,
                          cli::CommandContext& context);

// Returns the only command of gato-pack, for cli::run().
cli::Command pack_command();

}  // namespace gato::commands
