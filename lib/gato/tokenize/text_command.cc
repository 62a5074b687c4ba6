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

// Short documents share a job, so that handing it over costs little.
constexpr size_t job_bytes = size_t{64} << 10;
using Batch = std::vector<cli::Attempt<TextRecord>>;

// The next documents, in order with those that cannot be read; none at the end.
Batch next_batch(TextSource& source) {
  Batch batch;
  for (size_t bytes = 0; bytes < job_bytes;) {
    auto record = cli::attempt([&] { return source.next(); });
    if (record.error) {
      batch.push_back({{}, record.error});
      break;
    }
    if (!record.value) break;
    bytes += record.value->content.size();
    batch.push_back({std::move(*record.value), nullptr});
  }
  return batch;
}

class TextTokenizer {
 public:
  TextTokenizer(const TextCommand& options, const cli::Context& context)
      : options_(options),
        warnings_(options.source.document_separator),
        output_(context, options.tokens, "documents") {
    TaskSpec spec;
    spec.name = options.task;
    spec.domain = options.domain;
    task_ = output_.task(spec, "--task");
    agent_ = output_.source("unknown");
  }

  void add(const std::string& input) {
    TextSource source(input, options_.source);
    bool is_empty = true;
    for (Batch batch = next_batch(source); !batch.empty();
         batch = next_batch(source)) {
      is_empty = false;
      warnings_.look(source);
      output_.add([this, batch = std::move(batch)]() mutable {
        std::vector<Encoded> all;
        for (auto& record : batch) all.push_back(encode(std::move(record)));
        return all;
      });
    }
    output_.leave_out(empty, is_empty ? 1 : 0);
    warnings_.end(source);
    source.record(output_.provenance());
  }

  void commit() {
    warnings_.warn();
    output_.commit();
  }

 private:
  static constexpr const char* empty = "empty";

  Encoded encode(cli::Attempt<TextRecord> record) const {
    if (record.error) return {{}, record.error};
    bool is_empty = false;
    Encoded encoded = encode_at(record.value.place, [&] {
      Document text{{text_of(std::move(record.value))}};
      is_empty = is_blank(std::get<std::string>(text.items[0]));
      if (is_empty) return TokenizedDocument{};
      TokenizedDocument document =
          encode_document(text, output_.vocabulary(), output_.text());
      document.task = task_;
      document.source = agent_;
      return document;
    });
    if (is_empty) encoded.left_out = empty;
    return encoded;
  }

  const TextCommand& options_;
  TextWarnings warnings_;
  int32_t task_ = 0, agent_ = 0;
  TokenOutput output_;  // last: its threads end before the rest goes
};

ExitStatus tokenize_text(const TextCommand& options,
                         const cli::Context& context) {
  TextTokenizer tokenizer(options, context);
  for (const std::string& input : context.common.inputs) tokenizer.add(input);
  tokenizer.commit();
  return ExitStatus::done;
}

}  // namespace

cli::Command text_command() {
  cli::Command command =
      token_command("text", "text files to a token file", "FILE...");
  command.description =
      "Reads plain text, or JSON objects a line, and writes the pieces of each "
      "document, with </s> after the last. A file of plain text is one "
      "document unless --document-separator says otherwise; white space alone "
      "is none. JSON objects whose text is blank, and inputs without a "
      "document, are left out and counted as empty. Text must be UTF-8, and a "
      "document at most 64 MiB: longer ones are bad records. Files and the "
      "standard input (-) may be "
      "compressed: gzip, zstd, bzip2 and xz are told by their first bytes. By "
      "their names, .jsonl, .ndjson and compressed .json files hold JSON "
      "lines. Archives (tar, zip) and Parquet files are refused.";
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
      {"gato-tokenize text --text-model words.model -o c4.h5 "
       "'c4-train.{00000..00003}-of-01024.json.gz'",
       "A document a line of JSON, as C4 comes"},
      {"curl -s https://example.org/pile/00.jsonl.zst | gato-tokenize text "
       "--text-model words.model --format jsonl -o pile.h5 -",
       "From a pipe"}};
  return command;
}

}  // namespace gato
