// gato-rollout caption: writes captions of images.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

// Returns the command for cli::Tool.
cli::Command rollout_caption_command();

}  // namespace gato::commands
