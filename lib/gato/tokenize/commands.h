// The commands of gato-tokenize.
#pragma once

#include "gato/cli/tool.h"

namespace gato {

cli::Command vocab_command();     // text -> SentencePiece model
cli::Command text_command();      // text -> token file
cli::Command captions_command();  // COCO captions -> token file
cli::Command episodes_command();  // Minari datasets -> token file

}  // namespace gato
