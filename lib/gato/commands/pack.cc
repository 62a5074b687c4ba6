#include "gato/commands/pack.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "gato/base/digest.h"
#include "gato/base/file_io.h"
#include "gato/base/file_patterns.h"
#include "gato/cli/logging.h"
#include "gato/commands/shard_range.h"
#include "gato/pack/packed_dataset.h"
#include "gato/pack/write_sequences.h"

// Builds the mixture from the operands and the mixture file, opens it as a
// PackedDataset, and writes the sequences of this shard.

namespace gato::commands {
namespace {

constexpr const char* kDescription =
    "Packs excerpts of documents from token files into sequences of a fixed "
    "length, mixed by weight. An operand is FILE or FILE:WEIGHT. A weight is a "
    "share of the sequences, relative to the other weights. The default is 1; "
    "every file that matches a glob gets the weight of the glob. A file can be "
    "named only once. Each sequence is sampled at random and depends only on "
    "the inputs, the options, the seed and its own index.\n\n"
    "A document that fits into a sequence is used from its start. A longer "
    "document is used from a random position, which in an episode is the start "
    "of a time step, so that every token is used about equally often. The rest "
    "of a sequence is filled with other documents of the same task, or padded. "
    "A prompt consists of consecutive time steps of another episode of the "
    "same task by the same agent, at most half a sequence long; half of the "
    "prompts come from the end of their episode.\n\n"
    "With --window-steps W, a sequence contains windows of W time steps from "
    "random positions of random episodes of one task, without prompts. A "
    "document that is not an episode is one window. A window that does not fit "
    "into the rest of a sequence is dropped, and the sequence is padded. If W "
    "time steps are longer than a sequence, they are truncated at its end, "
    "counted as truncated windows, and reported by a warning.\n\n"
    "A mixture file contains [[mixture]] tables with the keys file (a path or "
    "glob), weight, prompt-fraction, fill, documents-per-sequence and resize. "
    "Only file is required. A glob in a mixture file is one source, such as "
    "the shards of a dataset: its files share the weight in proportion to "
    "their size, whereas each file on the command line has its own weight. "
    "documents-per-sequence is for text and for image-text pairs: a sequence "
    "contains this many documents, or a random span of L tokens if together "
    "they are longer. resize (HxW) is only a check: it is an error if the "
    "images of the source were not resized to HxW by gato-tokenize --resize. "
    "share/gato/mixtures/paper.toml is the mixture of the paper.\n\n"
    "With --shard I/N, only shard I of N of the sequences is written. All "
    "shards together contain the same sequences as one file written without "
    "--shard, and gato-train reads them as one dataset. Every job must have "
    "the same inputs, options and seed.\n\n"
    "The actual proportions of the mixture, the fraction of sequences with a "
    "prompt and the fraction of tokens that are not padding are printed to "
    "standard output and stored in the file. The file also contains the best "
    "episode of each task, its demonstration, from which models take their "
    "prompts.";

std::vector<pack::MixtureEntry> build_mixture(
    const PackOptions& options, const std::string& mixture_text,
    const std::vector<std::string>& inputs) {
  pack::MixtureEntry defaults;
  defaults.prompt_fraction = options.prompt_fraction;
  defaults.fill = pack::parse_fill(options.fill);
  std::vector<pack::MixtureEntry> mixture;
  if (!options.mixture.empty()) {
    mixture = pack::parse_mixture(mixture_text, options.mixture, defaults);
  }
  for (const std::string& input : inputs) {
    mixture.push_back(pack::parse_mixture_operand(input, defaults));
  }
  if (mixture.empty()) {
    throw base::usage_error(
        "nothing to pack: specify token files or a --mixture");
  }
  return mixture;
}

cli::CommandFunction build_pack(cli::OptionTable& table) {
  auto options = std::make_shared<PackOptions>();
  table.add("length", &options->length, "Tokens per sequence")
      .metavar("L")
      .range(2, 1 << 20);
  table
      .add("sequences", &options->sequences,
           "Number of sequences; 0: as many as would hold every token once. "
           "Because positions are sampled with replacement, these contain "
           "about 63% of the tokens of a large source, some of them several "
           "times; three times as many contain 95%")
      .metavar("N")
      .range(0, 1LL << 40);
  table
      .add("mixture", &options->mixture,
           "TOML file of [[mixture]] tables, one per source")
      .metavar("FILE");
  table
      .add("prompt-fraction", &options->prompt_fraction,
           "Fraction of the sequences that begin with a prompt taken from "
           "another episode, for tasks that have several episodes by the same "
           "agent")
      .metavar("P")
      .range(0, 1);
  table
      .add("fill", &options->fill,
           "What fills the rest of a sequence after the end of a document: "
           "more documents of the same task, or padding")
      .one_of({"same-task", "pad"})
      .metavar("HOW");
  table
      .add("window-steps", &options->window_steps,
           "Fill sequences with windows of W time steps, without prompts; 0: "
           "use as much of an episode as fits")
      .metavar("W")
      .range(0, 1 << 20);
  return [options](cli::CommandContext& context) {
    return run_pack(*options, context);
  };
}

}  // namespace

base::ExitStatus run_pack(const PackOptions& options,
                          cli::CommandContext& context) {
  // The file is read only once, because it may be a pipe.
  const std::string mixture_text =
      options.mixture.empty() ? "" : base::read_file(options.mixture);
  const pack::PackedDataset dataset(
      build_mixture(options, mixture_text, context.common.inputs),
      {options.length, options.window_steps, context.common.seed},
      options.sequences);
  data::Provenance provenance(context.record);
  if (!options.mixture.empty()) {
    provenance.add_input(options.mixture, std::ssize(mixture_text),
                         base::digest_bytes(mixture_text));
  }
  const pack::PackingReport report = pack::write_sequences(
      dataset,
      nonempty_shard_range(context.common.shard, dataset.sequences(),
                           "sequences"),
      {context.common.output, context.common.force, context.common.threads,
       &context.progress},
      provenance);
  if (report.cut_windows() > 0) {
    spdlog::warn(
        "{} windows of {} time steps are longer than a sequence of {} tokens "
        "and were truncated, so that their last actions are missing; increase "
        "--length or decrease --window-steps",
        report.cut_windows(), options.window_steps, options.length);
  }
  if (report.rows_without_target() > 0) {
    spdlog::warn(
        "{} of {} sequences contain no target, because a time step is longer "
        "than a sequence; increase --length",
        report.rows_without_target(), report.sequences());
  }
  fmt::print("{}", report.table());
  cli::log_counts({{"documents", dataset.corpus().documents()},
                   {"tokens", dataset.corpus().tokens()},
                   {"sequences", report.sequences()},
                   {"truncated windows", report.cut_windows()},
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
  command.operand_path = base::path_without_weight;
  command.build = build_pack;
  command.examples = {
      {"gato-pack -o train.h5 control.h5:2 captions.h5:1",
       "Two thirds of the sequences are from control.h5"},
      {"gato-pack -o train.h5 --mixture paper.toml --sequences 100000",
       "Weights from a mixture file"},
      {"gato-pack -o part-3.h5 --mixture paper.toml --sequences 100000000 "
       "--shard 3/64",
       "The third of 64 jobs that together write one set of sequences"},
      {"gato-pack -o train.h5 --length 64 --window-steps 2 cartpole.h5",
       "Short windows in short sequences, for small models"}};
  return command;
}

}  // namespace gato::commands
