// gato-tokenize and its commands.
#pragma once

#include "gato/cli/tool.h"

namespace gato {

cli::Command vocab_command();     // text -> SentencePiece model
cli::Command text_command();      // text -> token file
cli::Command captions_command();  // COCO captions -> token file
cli::Command episodes_command();  // Minari datasets -> token file

cli::Tool tokenize_tool();

}  // namespace gato
