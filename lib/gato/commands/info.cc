// inspect() validates a file and returns its facts as JSON, which is printed as
// one line, or as aligned keys and values in which a list of objects is a
// table.
// --decode prints the output of tokenize::TokenDecoder in the same two forms.
#include "gato/commands/info.h"

#include <iostream>
#include <memory>
#include <optional>

#include "gato/base/file_io.h"
#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/base/text_table.h"
#include "gato/commands/episode_options.h"
#include "gato/commands/info_check.h"
#include "gato/commands/info_page.h"
#include "gato/commands/inspect.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/token_decoder.h"

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

// The documents, or rows of a sequence file, that "A-B" or "N" selects. Both
// ends are included.
struct DocumentRange {
  int64_t first = 0, last = std::numeric_limits<int64_t>::max();
};

int64_t parse_index(const std::string& text) {
  const bool is_number =
      !text.empty() && text.size() < 19 &&
      text.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) {
    throw base::usage_error("--documents: \"{}\" is not a non-negative integer",
                            text);
  }
  return std::stoll(text);
}

DocumentRange parse_document_range(const std::string& text) {
  if (text.empty()) {
    return {};
  }
  const size_t dash = text.find('-');
  const int64_t first = parse_index(text.substr(0, dash));
  if (dash == std::string::npos) {
    return {first, first};
  }
  const int64_t last = parse_index(text.substr(dash + 1));
  if (last < first) {
    throw base::usage_error("--documents {}: the range is empty", text);
  }
  return {first, last};
}

// Replaces invalid UTF-8, because a text may be truncated within a character.
std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Returns a value as text without line breaks.
std::string scalar_to_text(const ordered_json& value) {
  return value.is_string()
             ? base::escape_control_characters(value.get<std::string>())
             : dump(value);
}

// Converts {"a": {"b": 1}} to {"a.b": 1}.
ordered_json flatten(const ordered_json& entry) {
  ordered_json flat = ordered_json::object();
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_object()) {
      flat[key] = value;
      continue;
    }
    const ordered_json nested = flatten(value);
    for (const auto& [nested_key, nested_value] : nested.items()) {
      flat[fmt::format("{}.{}", key, nested_key)] = nested_value;
    }
  }
  return flat;
}

void print_table(const std::string& title, const ordered_json& objects) {
  ordered_json entries = ordered_json::array();
  for (const auto& entry : objects) {
    entries.push_back(flatten(entry));
  }
  std::vector<std::string> header;
  for (const auto& entry : entries) {
    for (const auto& [key, value] : entry.items()) {
      if (std::find(header.begin(), header.end(), key) == header.end()) {
        header.push_back(key);
      }
    }
  }
  base::TextTable table(header);
  for (const auto& entry : entries) {
    std::vector<std::string> cells;
    cells.reserve(header.size());
    for (const auto& key : header) {
      cells.push_back(entry.contains(key) ? scalar_to_text(entry[key]) : "");
    }
    table.add_row(std::move(cells));
  }
  std::cout << title << ":\n" << table.to_string();
}

void print_facts(const ordered_json& facts, const std::string& prefix) {
  for (const auto& [key, value] : facts.items()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    const bool is_table =
        value.is_array() && !value.empty() && value.front().is_object();
    if (value.is_object()) {
      print_facts(value, name);
    } else if (is_table) {
      print_table(name, value);
    } else {
      std::cout << fmt::format("{:<24} {}\n",
                               base::escape_control_characters(name),
                               scalar_to_text(value));
    }
  }
}

void print_value(const std::string& title, const ordered_json& value) {
  // Only texts are quoted.
  const bool is_image =
      value.is_string() &&
      value.get_ref<const std::string&>().starts_with("image ");
  std::cout << fmt::format("    {} = {}\n",
                           base::escape_control_characters(title),
                           is_image ? scalar_to_text(value) : dump(value));
}

void print_document(const std::string& title, const ordered_json& document) {
  std::cout << title << ": task " << scalar_to_text(document["task"]) << ", "
            << document["tokens"] << " tokens";
  if (document.contains("return")) {
    std::cout << ", return " << document["return"];
  }
  std::cout << '\n';
  if (document.contains("items")) {
    for (const auto& item : document["items"]) {
      print_value("item", item);
    }
    if (document.contains("cut")) {
      std::cout << "    (cut)\n";
    }
    return;
  }
  int64_t number = 0;
  for (const auto& step : document["steps"]) {
    std::cout << "  step " << number++ << (step.contains("cut") ? " (cut)" : "")
              << '\n';
    for (const char* part : {"observation", "action", "expert"}) {
      if (!step.contains(part)) {
        continue;
      }
      for (const auto& [key, value] : step[part].items()) {
        print_value(fmt::format("{} {}", part, key), value);
      }
    }
  }
}

class DocumentPrinter {
 public:
  DocumentPrinter(std::string path, const InfoOptions& options)
      : path_(std::move(path)),
        is_json_(options.json),
        range_(parse_document_range(options.documents)) {}

  void print_token_file() const {
    const data::TokenFileReader reader(path_);
    const tokenize::TokenDecoder decoder(reader.vocabulary(), reader.tasks());
    const int64_t last = checked_last(reader.document_count(), "documents");
    for (int64_t i = range_.first; i <= last; ++i) {
      base::throw_if_stopped();
      print({{"document", i}}, fmt::format("document {}", i),
            decoder.decode(reader.document(i)));
    }
  }

  void print_sequence_file() const {
    const data::SequenceFileReader reader(path_);
    const tokenize::TokenDecoder decoder(reader.vocabulary(), reader.tasks());
    const int64_t last = checked_last(reader.sequence_count(), "sequences");
    for (int64_t i = range_.first; i <= last; ++i) {
      base::throw_if_stopped();
      const data::SequenceView row = reader.row(i);
      const bool prompted = row.prompt_mask[0] != 0;
      int64_t segment = 0;
      const std::vector<data::TokenizedDocument> documents =
          tokenize::split_into_documents(row);
      const bool is_full = static_cast<data::Modality>(row.modality.back()) !=
                           data::Modality::padding;
      for (const data::TokenizedDocument& document : documents) {
        const bool ends_row = is_full && &document == &documents.back();
        const bool is_prompt = prompted && segment == 0;
        print({{"sequence", i}, {"segment", segment}, {"prompt", is_prompt}},
              fmt::format("sequence {}, segment {}{}", i, segment,
                          is_prompt ? " (prompt)" : ""),
              decoder.decode(document, ends_row));
        ++segment;
      }
    }
  }

 private:
  int64_t checked_last(int64_t count, const char* what) const {
    if (range_.first >= count && range_.first > 0) {
      throw base::usage_error(
          "{}: --documents {} is out of range: the file has {} {}", path_,
          range_.first, count, what);
    }
    return std::min(range_.last, count - 1);
  }

  void print(ordered_json location, const std::string& title,
             const ordered_json& document) const {
    if (is_json_) {
      location.update(document);
      std::cout << dump(location) << '\n';
    } else {
      print_document(title, document);
    }
  }

  std::string path_;
  bool is_json_;
  DocumentRange range_;
};

void print_decoded(const std::string& path, const InfoOptions& options) {
  const DocumentPrinter printer(path, options);
  switch (detect_file_kind(path)) {
    case FileKind::token_file:
      return printer.print_token_file();
    case FileKind::sequence_file:
      return printer.print_sequence_file();
    default:
      throw base::usage_error(
          "{}: --decode requires a token file or a sequence file; this is a {}",
          path, name_of(detect_file_kind(path)));
  }
}

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
    std::cout << dump(line) << '\n';
    return;
  }
  std::cout << base::escape_control_characters(path) << ": "
            << name_of(found.kind) << ", " << completeness(found) << '\n';
  print_facts(found.facts, "");
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
    std::cout << dump({{"file", path},
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
      print_decoded(path, options);
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
    throw base::usage_error("give only one of --check, --decode and --html");
  }
  if ((options.check || has_page) && options.provenance) {
    throw base::usage_error(
        "--provenance cannot be combined with --check or --html");
  }
  if (has_page && options.json) {
    throw base::usage_error("--html writes a page: --json is not possible");
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
            "Report what is wrong with the files as training data; the status "
            "is 1 if there are errors (see --fail-on)");
  table
      .add("fail-on", &options->fail_on,
           "With --check: the findings that lead to status 1, errors or also "
           "warnings")
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
      "such file (3 if it is invalid, 4 if it cannot be read). The episodes "
      "that an interrupted gato-rollout control keeps in OUTPUT.partial are "
      "counted, with the command that continues the run, and have status 3. A "
      "training run is complete if it has checkpoints and all of them are "
      "complete. Whether a model without MANIFEST.json is complete is unknown "
      "(\"whole\": null in "
      "JSON).\n\n"
      "For the tasks of a token file, it reports the number of tokens per time "
      "step and per document (mean and maximum), how many time steps fit into "
      "sequences of various lengths (steps_in_length), and how many tokens "
      "windows of 1 to 32 time steps have (tokens_in_window), both for the "
      "largest time step. They help to choose --length and --window-steps of "
      "gato-pack; see CHOOSING SIZES in gato(7). For the tasks of a sequence "
      "file, it counts the tokens and the complete observations (packed_steps) "
      "of their sequences, including prompts.\n\n"
      "With --decode, the tokens of token files and sequence files are printed "
      "as keys and values. A continuous value is the center of its bin. The "
      "expert's action is shown if it differs from the action that was taken. "
      "(cut) marks a time step or text that was truncated at the end of its "
      "sequence.\n\n"
      "With --check, each file is read once, at the speed of the disk, and "
      "what "
      "is wrong with it as training data is reported: datasets, token files, "
      "sequence files, runs and models. The status is 1 if a finding is at or "
      "above --fail-on. CHECKING DATA in gato(7) describes the checks and the "
      "JSON of --json.\n\n"
      "With --html, the files are shown on a page, one HTML file that needs no "
      "network. A dataset: the findings of --check, returns and lengths, the "
      "keys with their ranges, first observations, and an episode as a film "
      "with its actions and rewards. A token file: the tokens in the colors of "
      "their modalities, with values as tooltips, and targets marked. A "
      "sequence file: sequences as bands of segments and prompts. A run, also "
      "while it trains: its losses by domain, modality and task, the learning "
      "rate and the gradient norm. A model: its parameters, and the embeddings "
      "of the bins of continuous values; with --data, the attention of the "
      "first layer within a time step, as in appendix J of the paper.";
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
       "Status 1 if anything is wrong with the datasets"},
      {"gato-info --html page.html run",
       "The curves of a run and its newest model as a page"},
      {"gato-info --html page.html --data control.h5 --documents 3 run/latest",
       "Also what the model attends to in the middle of the fourth episode"}};
  return command;
}

}  // namespace gato::commands
