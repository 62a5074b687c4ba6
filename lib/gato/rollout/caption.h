// gato-rollout caption: from pictures to text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/cli/tool.h"

namespace gato {

// One member an option of the command, whose help explains it.
struct CaptionOptions {
  std::string model;
  int64_t batch = 16, maximum_tokens = 64;
  std::optional<double> temperature;  // none: greedy
  std::optional<std::string> resize;
  std::string prompt_text;
  bool json = false;
};

// Writes a line a picture to stdout, in their order: path, tab, text; or a JSON
// object {"image", "caption"}. A picture that cannot be read or does not fit
// the context has no line where --skip-bad tolerates it, else ends the run
// after the lines of those before it.
ExitStatus caption(const CaptionOptions& options, cli::Context& context);
// The command line of it.
cli::Command caption_command();

}  // namespace gato
