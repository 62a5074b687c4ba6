#include <memory>
#include <optional>
#include <string>

#include "gato/ingest/text_source.h"
#include "gato/tokenize/commands.h"
#include "gato/tokenize/document.h"
#include "gato/tokenize/text_options.h"
#include "gato/tokenize/token_output.h"

namespace gato {
namespace {

struct TextCommand {
  TokenOptions tokens;
  TextSourceOptions source;
  std::string task = "text", domain = "text";
};

// False at the end. A record that cannot be read counts as one.
bool add_next(TextSource& source, int32_t task, int32_t agent,
              TokenOutput& output) {
  std::optional<TextRecord> record;
  try {
    record = source.next();
  } catch (const Error& error) {
    if (error.status() != ExitStatus::bad_input) throw;
    output.add_bad();
    return true;
  }
  if (!record) return false;
  output.add([&output, task, agent, text = std::move(record->text)] {
    return std::vector<Encoded>{cli::attempt([&] {
      TokenizedDocument document =
          encode_document(Document{{text}}, output.vocabulary(), output.text());
      document.task = task;
      document.source = agent;
      return document;
    })};
  });
  return true;
}

ExitStatus tokenize_text(const TextCommand& options,
                         const cli::Context& context) {
  TokenOutput output(context, options.tokens, "documents");
  TaskSpec spec;
  spec.name = options.task;
  spec.domain = options.domain;
  const int32_t task = output.task(spec, "--task");
  const int32_t agent = output.source("unknown");
  for (const std::string& input : context.common.inputs) {
    TextSource source(input, options.source);
    if (input != "-") output.provenance().add_input(input);
    while (add_next(source, task, agent, output)) {
    }
  }
  output.commit();
  return ExitStatus::done;
}

}  // namespace

cli::Command text_command() {
  cli::Command command;
  command.name = "text";
  command.summary = "text files to a token file";
  command.description =
      "Reads plain text, or JSON objects a line, and writes the pieces of each "
      "document, with </s> after the last. A file of plain text is one "
      "document "
      "unless --document-separator says otherwise; white space alone is none. "
      "Text must be UTF-8, and a document at most 64 MiB.";
  command.operands = "FILE...";
  command.minimum_operands = 1;
  command.output = cli::Output::required;
  command.output_help = "Token file to write";
  command.skip_bad = true;
  command.sharding = cli::Sharding::operands;
  command.build = [](cli::OptionTable& table) -> cli::Work {
    auto options = std::make_shared<TextCommand>();
    add_vocabulary_options(table, options->tokens);
    table.add("task", &options->task, "Name of the task that the texts form")
        .named("NAME");
    table.add("domain", &options->domain, "Domain of the task").named("NAME");
    add_text_options(table, options->source, {"auto", "plain", "jsonl"});
    return [options](cli::Context& context) {
      return tokenize_text(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize text --text-model words.model -o books.h5 books/*.txt",
       "A document a file"},
      {"zcat c4.json.gz | gato-tokenize text --text-model words.model --format "
       "jsonl -o c4.h5 -",
       "A document a line of JSON, from a pipe"}};
  return command;
}

}  // namespace gato
