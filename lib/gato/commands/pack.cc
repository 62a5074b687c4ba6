#include "gato/commands/pack.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "gato/base/digest.h"
#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/pack/packed_dataset.h"
#include "gato/pack/write_sequences.h"

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "Fills sequences of a fixed length with windows of the documents of "
    "token files, mixed by weight. An operand is FILE or FILE:WEIGHT. A "
    "weight is a share of the sequences, relative to the other weights; it "
    "is 1 where none is given, and the files of a glob have it each. Each "
    "sequence is drawn at random and depends on the seed and its own number"
    " alone.\n\n"
    "A document that fits a row is read whole; a longer one from a place "
    "drawn at random, in an episode the start of a time step, such that "
    "every token is read about as often. The rest of a row is filled with "
    "other documents of the same task, or padded. A prompt is a run of "
    "whole time steps of another episode of the same task and agent, at "
    "most half a row long; half of the prompts end where their episode "
    "ends.\n\n"
    "With --window-steps a row holds windows of W time steps from random "
    "places of random episodes of one task; a document that is no episode "
    "is one window. What does not fit whole into the rest of a row is left "
    "out and the row is padded; W steps that are longer than a whole row are "
    "cut at the end of one, counted, and warned of. There are no prompts "
    "then.\n\n"
    "A mixture file holds [[mixture]] tables, each with file (a path or "
    "glob), weight, prompt-fraction, fill, documents-per-sequence and resize;"
    " all but file may be left out. A glob there is one source, as the shards "
    "of a dataset are: its files share the weight by their size, where files "
    "on "
    "the command line have a weight each. documents-per-sequence is for texts "
    "and pairs of images"
    " and texts: a sequence then holds that many of them, and shows a random "
    "run of L tokens where they are longer. resize, HxW, refuses token files "
    "whose images were not brought to that size by gato-tokenize. "
    "share/gato/mixtures/paper.toml is the mixture of the paper.\n\n"
    "With --shard I/N the I-th of N parts of the sequences is written alone: "
    "the parts, one after another, are the sequences of the whole, and "
    "gato-train reads them as one. Each job is to be given the same inputs, "
    "options and seed.\n\n"
    "The shares, prompts and fill that were achieved are printed on stdout "
    "and stored in the file. The best episode of each task travels along as"
    " its demonstration.";

std::vector<pack::MixtureEntry> build_mixture(
    const PackCommandOptions& options, const std::string& mixture_text,
    const std::vector<std::string>& inputs) {
  pack::MixtureEntry defaults;
  defaults.prompt_fraction = options.prompt_fraction;
  defaults.fill = pack::parse_fill(options.fill);
  std::vector<pack::MixtureEntry> mixture;
  if (!options.mixture.empty())
    mixture = pack::parse_mixture(mixture_text, options.mixture, defaults);
  for (const std::string& input : inputs)
    mixture.push_back(pack::parse_mixture_operand(input, defaults));
  if (mixture.empty())
    throw base::usage_error(
        "nothing to pack: name token files, or a --mixture");
  return mixture;
}

base::Shard::Range shard_sequences(const base::Shard& shard,
                                   int64_t sequences) {
  const base::Shard::Range range = shard.range_of(sequences);
  if (range.size() == 0)
    throw base::usage_error(
        "--shard {}/{}: nothing is left to do, there are {} sequences",
        shard.number, shard.count, sequences);
  return range;
}

cli::CommandFunction build_pack(cli::OptionTable& table) {
  auto options = std::make_shared<PackCommandOptions>();
  table.add("length", &options->length, "Tokens a sequence")
      .metavar("L")
      .range(2, 1 << 20);
  table
      .add("sequences", &options->sequences,
           "Sequences to write; 0: as many as have room for every token. "
           "Windows are drawn, so that of a large source about 63 % of the "
           "tokens then occur, some of them several times, and 95 % in three "
           "times as many")
      .metavar("N")
      .range(0, 1LL << 40);
  table
      .add("mixture", &options->mixture,
           "TOML file of [[mixture]] tables, one a source")
      .metavar("FILE");
  table
      .add("prompt-fraction", &options->prompt_fraction,
           "Part of the sequences of tasks with several episodes that begin "
           "with a prompt from another one")
      .metavar("P")
      .range(0, 1);
  table
      .add("fill", &options->fill,
           "What follows a document that ends before its row")
      .one_of({"same-task", "pad"});
  table
      .add("window-steps", &options->window_steps,
           "Fill rows with windows of W time steps, without prompts; 0: "
           "windows as long as the row has room")
      .metavar("W")
      .range(0, 1 << 20);
  return [options](cli::CommandContext& context) {
    return run_pack(*options, context);
  };
}

}  // namespace

base::ExitStatus run_pack(const PackCommandOptions& options,
                          cli::CommandContext& context) {
  // Read once: it may be a pipe.
  const std::string mixture_text =
      options.mixture.empty() ? "" : base::read_file(options.mixture);
  const pack::PackedDataset dataset(
      build_mixture(options, mixture_text, context.common.inputs),
      {options.length, options.window_steps, context.common.seed},
      options.sequences);
  data::Provenance provenance(context.record);
  if (!options.mixture.empty())
    provenance.add_input(options.mixture, std::ssize(mixture_text),
                         base::digest_bytes(mixture_text));
  const pack::PackingReport report = pack::write_sequences(
      dataset, shard_sequences(context.common.shard, dataset.sequences()),
      {context.common.output, context.common.force, context.common.threads,
       &context.progress},
      provenance);
  if (report.cut_windows() > 0)
    spdlog::warn(
        "{} windows of {} time steps are longer than a sequence of {} tokens "
        "and were cut at its end, so that their last actions are missing; give "
        "a longer --length, or fewer --window-steps",
        report.cut_windows(), options.window_steps, options.length);
  if (report.rows_without_target() > 0)
    spdlog::warn(
        "{} of {} sequences hold nothing to predict: a time step is longer "
        "than they are; give a longer --length",
        report.rows_without_target(), report.sequences());
  fmt::print("{}", report.table());
  cli::log_counts({{"documents", dataset.corpus().documents()},
                   {"tokens", dataset.corpus().tokens()},
                   {"sequences", report.sequences()},
                   {"cut windows", report.cut_windows()},
                   {"patches", report.patches()},
                   {"distinct patches", report.distinct_patches()}});
  return base::ExitStatus::success;
}

cli::Command pack_command() {
  cli::Command command;
  command.description = kDescription;
  command.operands = "INPUT[:WEIGHT]...";
  command.output = cli::OutputRequirement::required;
  command.output_help = "Sequence file to write";
  command.sharding = cli::Sharding::work;
  command.build = build_pack;
  command.examples = {
      {"gato-pack -o train.h5 control.h5:2 captions.h5:1",
       "two of three sequences are control"},
      {"gato-pack -o train.h5 --mixture paper.toml --sequences 100000",
       "weights from a file"},
      {"gato-pack -o part-3.h5 --mixture paper.toml --sequences 100000000 "
       "--shard 3/64",
       "the third of 64 jobs that make one set of sequences"},
      {"gato-pack -o train.h5 --length 64 --window-steps 2 cartpole.h5",
       "short windows side by side, for small models"}};
  return command;
}

}  // namespace gato::commands
