// gato-tokenize and its commands.
#pragma once

#include "gato/cli/tool.h"

namespace gato {

cli::Command vocab_command();        // text -> SentencePiece model
cli::Command text_command();         // text -> token file
cli::Command captions_command();     // images with captions -> token file
cli::Command vqa_command();          // images with questions -> token file
cli::Command interleaved_command();  // pages of both -> token file
cli::Command episodes_command();     // Minari datasets -> token file

cli::Tool tokenize_tool();

}  // namespace gato
