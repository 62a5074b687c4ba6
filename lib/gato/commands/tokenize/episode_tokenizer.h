// The work of gato-tokenize episodes.
#pragma once

#include <map>
#include <string>

#include "gato/cli/tool.h"
#include "gato/commands/tokenize/token_options.h"
#include "gato/ingest/episodes/episode_selection.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::commands {

struct TokenizeEpisodesOptions {
  TokenizerOptions tokenizer;
  ingest::EpisodeSourceOptions source;
  std::map<std::string, std::string> roles;
  ingest::EpisodeSelectionOptions selection;
};

// Writes the selected episodes of context.common.inputs to a token file and
// logs the counts. Throws Error(usage) or Error(bad_input) if the inputs do not
// suit the options, and the errors of tokenize::TokenFileBuilder.
base::ExitStatus run_tokenize_episodes(TokenizeEpisodesOptions options,
                                       const cli::CommandContext& context);

}  // namespace gato::commands
