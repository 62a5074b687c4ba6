// inspect() validates a file and returns its facts as JSON, which is printed as
// one line, or as aligned keys and values.
#include "gato/commands/info/info.h"

#include <iostream>
#include <memory>
#include <optional>

#include "gato/base/file_io.h"
#include "gato/base/string_util.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/info/info_check.h"
#include "gato/commands/info/info_decode.h"
#include "gato/commands/info/info_output.h"
#include "gato/commands/info/info_page.h"
#include "gato/commands/info/inspect.h"

namespace gato::commands {
namespace {

using nlohmann::ordered_json;

struct InfoOptions {
  bool json = false, decode = false, provenance = false, check = false;
  std::string documents, fail_on = "error";
  CheckOptions checks;
  PageOptions page;
  ingest::EpisodeSourceOptions episodes;
};

// Returns whether the file is known to be complete. Only a manifest lists the
// files that a model directory must contain.
bool is_known_complete(const Inspection& found) {
  return found.facts.value("has_manifest", true);
}

// Returns the words that follow the kind of a file.
std::string completeness(const Inspection& found) {
  if (!found.unfinished.empty()) {
    return "unfinished";
  }
  if (found.kind == FileKind::run) {
    const int64_t steps = found.facts.value("steps", int64_t{0});
    const int64_t done = found.facts.value("steps_done", int64_t{0});
    if (done < steps) {
      return fmt::format("complete checkpoints of {} of {} steps", done, steps);
    }
  }
  return is_known_complete(found)
             ? "complete"
             : "not known to be complete: it has no MANIFEST.json";
}

void print_inspection(const std::string& path, const Inspection& found,
                      const InfoOptions& options) {
  if (options.json) {
    ordered_json line = {{"file", path}, {"whole", found.unfinished.empty()}};
    if (!is_known_complete(found)) {
      line["whole"] = nullptr;
    }
    if (!found.unfinished.empty()) {
      line["reason"] = found.unfinished;
    }
    line.update(found.facts);
    if (options.provenance) {
      line["provenance"] = found.provenance;
    }
    std::cout << to_json_line(line) << '\n';
    return;
  }
  std::cout << base::escape_control_characters(path) << ": "
            << name_of(found.kind) << ", " << completeness(found) << '\n';
  print_facts(found.facts);
  if (!found.unfinished.empty()) {
    std::cout << fmt::format("{:<24} {}\n", "reason",
                             base::escape_control_characters(found.unfinished));
  }
  if (options.provenance) {
    std::cout << "provenance:\n" << found.provenance.dump(2) << '\n';
  }
}

// Says why a file cannot be described.
void print_refusal(const std::string& path, const base::Error& error,
                   const InfoOptions& options) {
  if (options.json) {
    std::cout << to_json_line({{"file", path},
                               {"whole", false},
                               {"reason", error.what()}})
              << '\n';
    return;
  }
  std::cout << fmt::format(
      "{}: {}\n{:<24} {}\n", base::escape_control_characters(path),
      error.status() == base::ExitStatus::io ? "cannot be read" : "refused",
      "reason", base::escape_control_characters(error.what()));
}

// Prints what the options ask for. Returns the error of a file that is not
// complete.
std::optional<base::Error> print_file(const std::string& path,
                                      const InfoOptions& options) {
  try {
    if (options.decode) {
      print_decoded(path, parse_document_range(options.documents),
                    options.json);
      return std::nullopt;
    }
    const Inspection found = inspect(path, options.episodes);
    print_inspection(path, found, options);
    if (!found.unfinished.empty()) {
      return base::input_error("{}", found.unfinished);
    }
    return std::nullopt;
  } catch (const base::Error& error) {
    if (error.status() == base::ExitStatus::usage) {
      throw;
    }
    print_refusal(path, error, options);
    return error;
  }
}

base::ExitStatus run_info(const InfoOptions& options,
                          const cli::CommandContext& context) {
  if (!options.page.output.empty()) {
    PageOptions page = options.page;
    page.checks = options.checks;
    page.checks.episodes = options.episodes;
    page.attention.data = page.data;
    page.attention.document = parse_document_range(options.documents).first;
    write_page(page, context);
    return base::ExitStatus::success;
  }
  if (options.check) {
    CheckOptions checks = options.checks;
    checks.episodes = options.episodes;
    return check_files(checks,
                       options.fail_on == "error" ? eval::Severity::error
                                                  : eval::Severity::warning,
                       options.json, context);
  }
  std::optional<base::Error> first_error;
  bool first = true;
  for (const std::string& path : context.common.inputs) {
    if (!first && !options.json) {
      std::cout << '\n';
    }
    first = false;
    // The other files are still inspected. The exit status is that of the
    // first failure.
    const std::optional<base::Error> error = print_file(path, options);
    if (error && !first_error) {
      first_error = error;
    }
  }
  if (first_error) {
    throw *first_error;
  }
  return base::ExitStatus::success;
}

// Throws Error(usage) if options contradict each other.
void check_options(const InfoOptions& options) {
  const bool has_page = !options.page.output.empty();
  if (!options.documents.empty() && !options.decode &&
      options.page.data.empty()) {
    throw base::usage_error(
        "--documents selects what --decode prints, or what --data shows: add "
        "one of them");
  }
  if (options.check + options.decode + has_page > 1) {
    throw base::usage_error("use only one of --check, --decode and --html");
  }
  if ((options.check || has_page) && options.provenance) {
    throw base::usage_error(
        "--provenance cannot be combined with --check or --html");
  }
  if (has_page && options.json) {
    throw base::usage_error(
        "--html writes a page and cannot be combined with --json");
  }
  if (!options.check && options.fail_on != "error") {
    throw base::usage_error("--fail-on is an option of --check: add --check");
  }
  if (!options.check && !has_page && !options.checks.text_model.empty()) {
    throw base::usage_error(
        "--text-model is an option of --check and --html: add one of them");
  }
  if (!has_page && !options.page.data.empty()) {
    throw base::usage_error("--data is an option of --html: add --html");
  }
  if (options.page.data.empty() &&
      (options.page.attention.step || options.page.attention.head)) {
    throw base::usage_error(
        "--step and --head select what --data shows: add --data");
  }
  if (has_page) {
    base::check_output(options.page.output, options.page.force);
  }
}

cli::CommandFunction build(cli::OptionTable& table) {
  auto options = std::make_shared<InfoOptions>();
  table.add("json", &options->json,
            "Print one JSON object per line, for programs");
  table.add("provenance", &options->provenance,
            "Also print the origin of the file: programs, options and inputs");
  table.add("decode", &options->decode,
            "Print the tokens of token files and sequence files as keys and "
            "values, one time step after another");
  table
      .add(
          "documents", &options->documents,
          "With --decode: print only document N, or documents A to B, starting "
          "at 0 (sequences, in a sequence file). With --data: show a time step "
          "of document N")
      .metavar("N|A-B");
  table.add("check", &options->check,
            "Report problems with the files as training data; the status is 1 "
            "if there are errors (see --fail-on)");
  table
      .add("fail-on", &options->fail_on,
           "With --check: the findings that lead to status 1, errors only, or "
           "also warnings")
      .one_of({"warning", "error"});
  table
      .add("text-model", &options->checks.text_model,
           "With --check or --html: encode the texts of datasets with this "
           "SentencePiece model")
      .metavar("FILE");
  add_page_options(table, options->page);
  add_max_episode_steps_option(table, options->episodes.max_episode_steps);
  table.add_check([options] { check_options(*options); });
  return [options](cli::CommandContext& context) {
    return run_info(*options, context);
  };
}

}  // namespace

cli::Command info_command() {
  cli::Command command;
  command.description =
      "Reports the kind, version and contents of token files, sequence files, "
      "model directories, training runs, Minari datasets, D4RL and robomimic "
      "files, SentencePiece models, safetensors files and JSON reports. Every "
      "file is read to its end. If a file is corrupt, unfinished, written by a "
      "newer version or of an unknown type, the reason is reported and the "
      "other files are still described; the exit status is that of the first "
      "such file (3 if it is invalid, 4 if it cannot be read). For "
      "OUTPUT.partial of an interrupted gato-rollout control, the number of "
      "its episodes and the command that continues the run are reported, and "
      "the status is 3. A training run is complete if it has checkpoints and "
      "all of them are complete; if it has not taken all of its steps, the "
      "number of steps done is reported (steps_done of steps). Whether a model "
      "without MANIFEST.json is complete is unknown (\"whole\": null in "
      "JSON).\n\n"
      "For the tasks of a token file, the program reports the number of tokens "
      "per time step and per document (mean and maximum), how many time steps "
      "fit into sequences of various lengths (steps_in_length), and how many "
      "tokens windows of 1 to 32 time steps have (tokens_in_window), both for "
      "the largest time step. These numbers help you choose --length and "
      "--window-steps of gato-pack; see CHOOSING SIZES in gato(7). For the "
      "tasks of a sequence file, it counts the tokens and the complete "
      "observations (packed_steps) of their sequences, including prompts.\n\n"
      "With --decode, the tokens of token files and sequence files are printed "
      "as keys and values. A continuous value is the center of its bin. The "
      "expert's action is shown if it differs from the action that was taken. "
      "(cut) marks a time step or text that was truncated at the end of its "
      "sequence.\n\n"
      "With --check, each file is read once, and problems with it as training "
      "data are reported. This applies to datasets, token files, sequence "
      "files, runs and models. The status is 1 if the severity of a finding is "
      "at or above --fail-on. CHECKING DATA in gato(7) describes the checks "
      "and the JSON of --json.\n\n"
      "With --html, the files are shown on a page, one HTML file that needs no "
      "network. A dataset: the findings of --check, returns and lengths, the "
      "keys with their ranges, first observations, and an episode as a video "
      "with its actions and rewards. A token file: the tokens in the colors of "
      "their modalities, with values as tooltips, and targets marked. A "
      "sequence file: sequences as bands of segments and prompts. A run, even "
      "while it trains: its losses by domain, modality and task, the learning "
      "rate and the gradient norm. A model: its parameters, and the embeddings "
      "of the bins of continuous values; with --data, the attention of the "
      "first layer within a time step, as in appendix J of the paper.";
  command.run_failed_help = "--check found something (see --fail-on)";
  command.seed_help = cli::kUnusedOption;
  command.threads_help =
      "Number of threads of --check; 0: one per processor. Does not affect the "
      "output";
  command.operands = "PATH...";
  command.min_operands = 1;
  command.build = build;
  command.examples = {
      {"gato-info train.h5",
       "The contents of a file, and whether it is complete"},
      {"gato-info --decode --documents 0-1 control.h5",
       "The time steps of two episodes"},
      {"gato-info --json --provenance train.h5 | jq .provenance.inputs",
       "The files that it was made from, with their digests"},
      {"gato-info --check --fail-on warning demonstrations/*",
       "Status 1 if there is any problem with the datasets"},
      {"gato-info --html page.html run",
       "The curves of a run and its newest model as a page"},
      {"gato-info --html page.html --data control.h5 --documents 3 run/latest",
       "Also what the model attends to in the middle of the fourth episode"}};
  return command;
}

}  // namespace gato::commands
