#include <memory>

#include "gato/cli/tool.h"
#include "gato/pack/pack.h"

namespace {

using gato::cli::Command;
using gato::cli::Context;
using gato::cli::OptionTable;
using gato::cli::Output;
using gato::cli::Tool;
using gato::cli::Work;

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

Work build(OptionTable& table) {
  auto options = std::make_shared<gato::PackOptions>();
  table.add("length", &options->length, "Tokens a sequence")
      .named("L")
      .within(2, 1 << 20);
  table
      .add("sequences", &options->sequences,
           "Sequences to write; 0: as many as have room for every token. "
           "Windows are drawn, so that of a large source about 63 % of the "
           "tokens then occur, some of them several times, and 95 % in three "
           "times as many")
      .named("N")
      .within(0, 1LL << 40);
  table
      .add("mixture", &options->mixture,
           "TOML file of [[mixture]] tables, one a source")
      .named("FILE");
  table
      .add("prompt-fraction", &options->prompt_fraction,
           "Part of the sequences of tasks with several episodes that begin "
           "with a prompt from another one")
      .named("P")
      .within(0, 1);
  table
      .add("fill", &options->fill,
           "What follows a document that ends before its row")
      .one_of({"same-task", "pad"});
  table
      .add("window-steps", &options->window_steps,
           "Fill rows with windows of W time steps, without prompts; 0: "
           "windows as long as the row has room")
      .named("W")
      .within(0, 1 << 20);
  return [options](Context& context) { return gato::pack(*options, context); };
}

Tool tool() {
  Command command;
  command.description = kDescription;
  command.operands = "INPUT[:WEIGHT]...";
  command.output = Output::required;
  command.output_help = "Sequence file to write";
  command.sharding = gato::cli::Sharding::work;
  command.build = build;
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
  return {.name = "gato-pack",
          .summary = "pack token files into training sequences",
          .description = "",
          .commands = {command},
          .see_also = {"gato-tokenize", "gato-train", "gato-info"}};
}

}  // namespace

int main(int argc, char** argv) { return gato::cli::run(tool(), argc, argv); }
