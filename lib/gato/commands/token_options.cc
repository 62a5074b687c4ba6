#include "gato/commands/token_options.h"

#include "gato/base/error.h"
#include "gato/base/file_io.h"

namespace gato::commands {

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
  }
  return command;
}

void add_vocabulary_options(cli::OptionTable& table,
                            TokenizerOptions& options) {
  table
      .add("text-model", &options.text_model,
           "SentencePiece model whose pieces are the text tokens (see "
           "gato-tokenize vocab)")
      .metavar("FILE")
      .required();
  table
      .add("discrete", &options.discrete,
           "Ids of discrete values: those of the first 1024 text pieces "
           "(overlap, as in the paper; requires a text model of at least 1024 "
           "pieces), or 1024 additional ids (separate)")
      .one_of({"overlap", "separate"})
      .metavar("LAYOUT");
}

void add_resize_option(cli::OptionTable& table, TokenizerOptions& options) {
  table
      .add(
          "resize", &options.resize,
          "Resize every image to H x W pixels, by averaging over areas, before "
          "it is split into patches")
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
  values.text_model = base::read_file(options.text_model);
  values.text_model_name = options.text_model;
  values.discrete_layout = options.discrete == "overlap"
                               ? data::DiscreteLayout::overlap
                               : data::DiscreteLayout::separate;
  values.resize = data::parse_resize(options.resize, "option --resize");
  values.unit = unit;
  values.progress = &context.progress;
  values.provenance = data::Provenance(context.record);
  values.provenance.add_input(options.text_model);
  return values;
}

}  // namespace gato::commands
