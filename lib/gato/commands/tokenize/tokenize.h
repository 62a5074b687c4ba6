// The program gato-tokenize and its commands.
#pragma once

#include "gato/cli/tool.h"

namespace gato::commands {

cli::Command tokenize_vocab_command();        // text -> SentencePiece model
cli::Command tokenize_text_command();         // text -> token file
cli::Command tokenize_captions_command();     // captioned images -> token file
cli::Command tokenize_vqa_command();          // visual questions -> token file
cli::Command tokenize_interleaved_command();  // web pages -> token file
cli::Command tokenize_episodes_command();     // episodes -> token file

cli::Tool tokenize_tool();

}  // namespace gato::commands
