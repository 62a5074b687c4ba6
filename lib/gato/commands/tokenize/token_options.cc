#include "gato/commands/tokenize/token_options.h"

#include <filesystem>
#include <functional>
#include <system_error>

#include "gato/base/error.h"
#include "gato/base/file_io.h"

namespace gato::commands {

namespace {

// The value of --text-model for records without text.
constexpr const char* kNoTextModel = "none";

void check_vocabulary_options(const TokenizerOptions& options,
                              TextUse text_use) {
  if (options.text_model != kNoTextModel) {
    return;
  }
  if (text_use == TextUse::always) {
    throw base::usage_error(
        "--text-model none is for episodes without text: specify a "
        "SentencePiece model, which gato-tokenize vocab trains");
  }
  if (options.discrete == "overlap") {
    throw base::usage_error(
        "--discrete overlap shares the ids of text pieces, but with "
        "--text-model none there are no text pieces: omit --discrete, or use "
        "separate");
  }
}

data::DiscreteLayout discrete_layout(const TokenizerOptions& options) {
  return options.discrete.value_or("overlap") == "overlap"
             ? data::DiscreteLayout::overlap
             : data::DiscreteLayout::separate;
}

}  // namespace

cli::Command make_token_command(const std::string& name,
                                const std::string& summary,
                                const std::string& operands) {
  cli::Command command;
  command.name = name;
  command.summary = summary;
  command.operands = operands;
  command.min_operands = operands.empty() ? 0 : 1;
  command.output = cli::OutputRequirement::required;
  command.output_help = "Token file to write";
  command.has_skip_bad = true;
  if (!operands.empty()) {
    command.sharding = cli::Sharding::operands;
    command.operand_path = std::identity();
  }
  return command;
}

void add_vocabulary_options(cli::OptionTable& table, TokenizerOptions& options,
                            TextUse text_use) {
  const std::string help =
      "SentencePiece model whose pieces are the text tokens, trained by "
      "gato-tokenize vocab";
  table
      .add("text-model", &options.text_model,
           text_use == TextUse::always
               ? help
               : help +
                     "; none: the episodes contain no text, so there are no "
                     "text tokens")
      .metavar(text_use == TextUse::always ? "FILE" : "FILE|none")
      .required();
  const std::string layout_help =
      "Ids of discrete values. overlap: those of the first 1024 text pieces, "
      "as in the paper, which requires a SentencePiece model of at least 1024 "
      "pieces. separate: 1024 additional ids";
  table.add("discrete", &options.discrete, layout_help)
      .one_of({"overlap", "separate"})
      .metavar("LAYOUT")
      .default_is(text_use == TextUse::always
                      ? "overlap"
                      : "overlap; separate with --text-model none");
  table.add_check(
      [&options, text_use] { check_vocabulary_options(options, text_use); });
}

void add_resize_option(cli::OptionTable& table, TokenizerOptions& options) {
  table
      .add(
          "resize", &options.resize,
          "Resize every image to H x W pixels before it is split into patches, "
          "by area averaging and regardless of its aspect ratio")
      .metavar("HxW");
}

tokenize::TokenFileOptions make_token_file_options(
    const cli::CommandContext& context, const TokenizerOptions& options,
    const std::string& unit) {
  tokenize::TokenFileOptions values;
  values.output = context.common.output;
  values.force = context.common.force;
  values.threads = context.common.threads;
  values.max_skipped = context.common.skip_bad;
  values.shard = context.common.shard;
  values.discrete_layout = discrete_layout(options);
  values.resize = data::parse_resize(options.resize, "option --resize");
  values.unit = unit;
  values.progress = &context.progress;
  values.provenance = data::Provenance(context.record);
  if (options.text_model != kNoTextModel) {
    if (std::error_code ignored;
        std::filesystem::is_directory(options.text_model, ignored)) {
      throw base::io_error(
          "--text-model {}: it is a directory: specify the tokenizer.model of "
          "a model, or the file that gato-tokenize vocab wrote",
          options.text_model);
    }
    values.text_model = base::read_file(options.text_model);
    values.text_model_name = options.text_model;
    values.provenance.add_input(options.text_model);
  }
  return values;
}

}  // namespace gato::commands
