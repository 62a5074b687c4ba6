// The options that the commands of gato-tokenize share.
#pragma once

#include <optional>
#include <string>

#include "gato/cli/tool.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/token_file_builder.h"

namespace gato::commands {

struct TokenizerOptions {
  std::string text_model;               // a file; "none" if there is no text
  std::optional<std::string> discrete;  // the default depends on text_model
  std::string resize;                   // "HxW"; empty: images keep their size
};

// Returns a command that writes a token file. It reads its operands, which
// --shard divides, or, if `operands` is empty, the files that its options name.
cli::Command make_token_command(const std::string& name,
                                const std::string& summary,
                                const std::string& operands);
// The use of text by a command: its records always contain text, or only may.
enum class TextUse { always, optional };
// Adds --text-model and --discrete. If the use of text is optional,
// --text-model may be none.
void add_vocabulary_options(cli::OptionTable& table, TokenizerOptions& options,
                            TextUse text_use = TextUse::always);
// Adds --resize.
void add_resize_option(cli::OptionTable& table, TokenizerOptions& options);

// Reads the text model and returns the values of the options. `unit` is what
// the records are, in the plural.
tokenize::TokenFileOptions make_token_file_options(
    const cli::CommandContext& context, const TokenizerOptions& options,
    const std::string& unit);

}  // namespace gato::commands
