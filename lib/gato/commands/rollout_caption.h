// gato-rollout caption: writes captions of images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/cli/tool.h"
#include "gato/commands/decoding_options.h"

namespace gato::commands {

// The options of the command, one member each; see their help.
struct RolloutCaptionOptions {
  std::string model;
  int64_t batch_size = 16, max_tokens = 64;
  std::optional<double> temperature;  // nullopt: greedy
  std::optional<std::string> resize;
  std::string prompt_text;
  bool json = false;
  DecodingOptions decoding;
};

// Writes one line per image to stdout, in the order of the operands: the path,
// a tab and the caption, or a JSON object {"image", "caption"}. An image that
// cannot be read or does not fit the context is left out if --skip-bad
// tolerates it. Otherwise it ends the run, after the lines of the images before
// it.
base::ExitStatus run_rollout_caption(const RolloutCaptionOptions& options,
                                     cli::CommandContext& context);
// Returns the command for cli::Tool.
cli::Command rollout_caption_command();

}  // namespace gato::commands
