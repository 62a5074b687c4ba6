#include <memory>

#include "gato/cli/tool.h"
#include "gato/eval/score_command.h"

namespace {

using gato::cli::Command;
using gato::cli::Context;
using gato::cli::OptionTable;
using gato::cli::Output;
using gato::cli::Tool;
using gato::cli::Work;

constexpr const char* kScoreDescription =
    "Scores episodes in percent of the expert: 100 (mean - random) / (expert "
    "- random), for each task, each domain and over all. An operand is a "
    "Minari dataset of one task, or a folder of such datasets. What random and "
    "expert play are worth comes "
    "from --references, files of JSON such as share/gato/scores/jat.json, or "
    "from datasets of such play; where the expert is no better than random "
    "the score is undefined and left out of every mean.\n\n"
    "Intervals of 95 % and the interquartile mean follow rliable: a bootstrap "
    "stratified by task. Datasets of several policies on one task are runs; "
    "else the episodes are, and the intervals say how sure the evaluation is, "
    "not how another training would come out. A failed episode counts with the "
    "random policy's return.\n\n"
    "A table goes to the standard output, the report to --output: everything "
    "as JSON, the tasks as CSV, or one HTML file with charts.";

Work build_score(OptionTable& table) {
  auto options = std::make_shared<gato::ScoreCommandOptions>();
  table
      .add("references", &options->references,
           "JSON files of what random, expert and human play are worth; later "
           "ones win")
      .named("FILE");
  table
      .add("expert", &options->expert,
           "Datasets of the expert's play, whose means win over references")
      .named("DATASET");
  table
      .add("random", &options->random,
           "Datasets of random play, whose means win over references")
      .named("DATASET");
  table
      .add("resamples", &options->resamples,
           "Resamples of the bootstrap behind each interval")
      .named("N")
      .within(1, 10000000);
  table.group("HTML report");
  table.add("title", &options->title, "Title of the page").named("TEXT");
  table
      .add("training", &options->training,
           "metrics.jsonl of a training run, whose loss is to be drawn")
      .named("FILE");
  table
      .add("captions", &options->captions,
           "JSON lines {\"image\", \"caption\"} to show with their pictures")
      .named("FILE");
  table
      .add("caption-references", &options->caption_references,
           "COCO file of the right captions, to mark and count the wrong ones")
      .named("FILE");
  return [options](Context& context) {
    return gato::score_command(*options, context);
  };
}

Command score() {
  Command command;
  command.name = "score";
  command.summary = "expert-normalised scores of episodes";
  command.description = kScoreDescription;
  command.operands = "EPISODES...";
  command.minimum_operands = 1;
  command.output = Output::optional;
  command.output_help = "Report to write: .json, .csv or .html";
  command.build = build_score;
  command.examples = {
      {"gato-eval score played/* --expert expert/catch --random random/catch "
       "-o report.html",
       "against datasets of the expert and of random play"},
      {"gato-eval score played/* --references share/gato/scores/jat.json -o "
       "scores.json",
       "against published scores"}};
  return command;
}

Tool tool() {
  return {.name = "gato-eval",
          .summary = "score policies and models",
          .description = "Turns what a model did into figures to compare.",
          .commands = {score()},
          .see_also = {"gato-rollout", "gato-train", "gato-info"}};
}

}  // namespace

int main(int argc, char** argv) { return gato::cli::run(tool(), argc, argv); }
