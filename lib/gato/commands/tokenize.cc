#include "gato/commands/tokenize.h"

namespace gato::commands {

cli::Tool tokenize_tool() {
  cli::Tool tool;
  tool.name = "gato-tokenize";
  tool.summary = "turn text, captioned images and episodes into tokens";
  tool.description =
      "Text, images, discrete and continuous values become one flat sequence "
      "of token ids: 0 to V-1 for text, V to V+1023 for continuous values in "
      "1024 bins, the ids of the first text pieces or 1024 more for discrete "
      "values, and a separator last. Images become patches of 16x16 pixels. "
      "Token files are packed into sequences by gato-pack.";
  tool.commands = {tokenize_vocab_command(),       tokenize_text_command(),
                   tokenize_captions_command(),    tokenize_vqa_command(),
                   tokenize_interleaved_command(), tokenize_episodes_command()};
  tool.see_also = {"gato-pack(1)", "gato-rollout(1)", "gato-info(1)"};
  return tool;
}

}  // namespace gato::commands
