// gato-pack: token files to one sequence file.
#pragma once

#include <cstdint>
#include <string>

#include "gato/cli/tool.h"

namespace gato {

struct PackOptions {
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
ExitStatus pack(const PackOptions& options, cli::Context& context);

}  // namespace gato
