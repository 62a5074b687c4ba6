#include "gato/commands/tokenize/tokenize.h"

namespace gato::commands {

cli::Tool tokenize_tool() {
  cli::Tool tool;
  tool.name = "gato-tokenize";
  tool.summary = "convert text, captioned images and episodes to tokens";
  tool.description =
      "Text, images, discrete values and continuous values are converted to "
      "one flat sequence of tokens. Text has the ids 0 to V-1, where V is the "
      "number of pieces of the SentencePiece model. Continuous values are "
      "mu-law companded or scaled to [-1, 1], and quantized to 1024 bins with "
      "the ids V to V+1023; see gato-formats(5). Discrete values share the ids "
      "of the first 1024 pieces (--discrete overlap) or have 1024 additional "
      "ids (--discrete separate). The last id is the separator between the "
      "observations and the actions of a time step. Images are split into "
      "patches of 16x16 pixels. gato-pack packs token files into the sequences "
      "that a model is trained on.";
  tool.commands = {tokenize_vocab_command(),       tokenize_text_command(),
                   tokenize_captions_command(),    tokenize_vqa_command(),
                   tokenize_interleaved_command(), tokenize_episodes_command()};
  tool.see_also = {"gato-pack(1)", "gato-rollout(1)", "gato-info(1)", "gato(7)",
                   "gato-formats(5)"};
  return tool;
}

}  // namespace gato::commands
