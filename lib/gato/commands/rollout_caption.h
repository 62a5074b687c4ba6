// gato-rollout caption: from pictures to text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/cli/tool.h"

namespace gato::commands {

// One member an option of the command, whose help explains it.
struct CaptionCommandOptions {
  std::string model;
  int64_t batch_size = 16, max_tokens = 64;
  std::optional<double> temperature;  // none: greedy
  std::optional<std::string> resize;
  std::string prompt_text;
  bool json = false;
};

// Writes a line a picture to stdout, in their order: path, tab, text; or a JSON
// object {"image", "caption"}. A picture that cannot be read or does not fit
// the context has no line where --skip-bad tolerates it, else ends the run
// after the lines of those before it.
base::ExitStatus run_caption(const CaptionCommandOptions& options,
                             cli::CommandContext& context);
// The command line of it.
cli::Command rollout_caption_command();

}  // namespace gato::commands
