#include <memory>
#include <optional>
#include <string>

#include "gato/cli/logging.h"
#include "gato/commands/tokenize/end_of_text_option.h"
#include "gato/commands/tokenize/text_options.h"
#include "gato/commands/tokenize/token_options.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/ingest/text/end_of_text.h"
#include "gato/ingest/text/text_source.h"
#include "gato/tokenize/document_encoder.h"

// The main thread reads documents and adds a job per 64 KiB of text. The jobs
// extract the text of JSON objects and encode it.

namespace gato::commands {
namespace {

struct TokenizeTextOptions {
  TokenizerOptions tokenizer;
  ingest::TextSourceOptions source;
  std::string end_of_text;
  std::string task = "text", domain = "text";
};

// Short documents share a job, so that the overhead per job is small.
constexpr size_t kJobBytes = size_t{64} << 10;
using RecordBatch = std::vector<base::Expected<ingest::TextRecord>>;

// Returns the next documents, in order, including those that cannot be read;
// empty at the end of the source.
RecordBatch next_batch(ingest::TextSource& source) {
  RecordBatch batch;
  for (size_t bytes = 0; bytes < kJobBytes;) {
    auto record = base::try_call([&] { return source.next(); });
    if (record.error) {
      batch.push_back({{}, record.error});
      break;
    }
    if (!record.value) {
      break;
    }
    bytes += record.value->content.size();
    batch.push_back({std::move(*record.value), nullptr});
  }
  return batch;
}

class TextTokenizer {
 public:
  TextTokenizer(const TokenizeTextOptions& options,
                const cli::CommandContext& context)
      : options_(options),
        warnings_(options.source),
        markers_(options.end_of_text),
        output_(
            make_token_file_options(context, options.tokenizer, "documents")) {
    data::TaskSpec spec;
    spec.name = options.task;
    spec.domain = options.domain;
    task_ = output_.find_or_add_task(spec, "--task");
    source_ = output_.find_or_add_source("unknown");
  }

  void add(const std::string& input) {
    ingest::TextSource source(input, options_.source);
    bool is_empty = true;
    for (RecordBatch batch = next_batch(source); !batch.empty();
         batch = next_batch(source)) {
      is_empty = false;
      warnings_.warn_if_json_lines(source);
      output_.set_bytes_read(bytes_read_ + source.bytes_read());
      output_.add([this, batch = std::move(batch)]() mutable {
        std::vector<tokenize::EncodedRecord> all;
        for (auto& record : batch) {
          all.push_back(encode(std::move(record)));
        }
        return all;
      });
    }
    output_.count_excluded(kEmpty, is_empty ? 1 : 0);
    bytes_read_ += source.bytes_read();
    warnings_.count_missing_separator(source);
    source.record_input(output_.provenance());
  }

  void commit() {
    output_.finish();
    warnings_.warn_of_missing_separators();
    markers_.warn(TextWarnings::kMarkerAdvice);
    cli::log_counts(output_.commit());
  }

 private:
  static constexpr const char* kEmpty = "empty";

  // Returns the document of a text, which has no items if the text is blank.
  data::Document make_document(std::string text, const std::string& location) {
    markers_.count(text, location);
    return ingest::make_text_document(std::move(text), markers_.marker());
  }

  tokenize::EncodedRecord encode(base::Expected<ingest::TextRecord> record) {
    if (record.error) {
      return {{}, record.error};
    }
    bool is_empty = false;
    const std::string location = record.value.location;
    tokenize::EncodedRecord encoded = tokenize::try_encode(location, [&] {
      const data::Document text = make_document(
          ingest::extract_text(std::move(record.value)), location);
      is_empty = text.items.empty();
      if (is_empty) {
        return data::TokenizedDocument{};
      }
      data::TokenizedDocument document = tokenize::encode_document(
          text, output_.vocabulary(), *output_.text_encoder());
      document.task_index = task_;
      document.source_index = source_;
      return document;
    });
    if (is_empty) {
      encoded.exclusion_reason = kEmpty;
    }
    return encoded;
  }

  const TokenizeTextOptions& options_;
  TextWarnings warnings_;
  EndOfTextMarkers markers_;
  int32_t task_ = 0, source_ = 0;
  int64_t bytes_read_ = 0;  // of the inputs before the current one
  // The last member, because its threads use the others.
  tokenize::TokenFileBuilder output_;
};

base::ExitStatus run_tokenize_text(const TokenizeTextOptions& options,
                                   const cli::CommandContext& context) {
  TextTokenizer tokenizer(options, context);
  for (const std::string& input : context.common.inputs) {
    tokenizer.add(input);
  }
  tokenizer.commit();
  return base::ExitStatus::success;
}

}  // namespace

cli::Command tokenize_text_command() {
  cli::Command command = make_token_command(
      "text", "convert text files to a token file", "FILE...");
  command.description =
      "Reads plain text, or JSON lines (one object per line), and writes the "
      "pieces of each document, followed by </s>. A file of plain text is one "
      "document unless --document-separator says otherwise; whitespace alone "
      "is not a document. Strings that mark the end of a document in a "
      "dataset, such as <|endoftext|>, either separate documents of plain text "
      "(--document-separator) or become </s> (--end-of-text). JSON objects "
      "whose text is blank and inputs that contain no document are counted as "
      "empty. A document that is not UTF-8 or exceeds 64 MiB is a bad record. "
      "Files and standard input (-) may be compressed: gzip, zstd, bzip2 and "
      "xz are recognized by their first bytes. Files named .jsonl or .ndjson, "
      "and compressed .json files, are read as JSON lines. Archives (tar, "
      "zip), Parquet files and text in UTF-16 are rejected.";
  command.seed_help = cli::kUnusedOption;
  command.build = [](cli::OptionTable& table) -> cli::CommandFunction {
    auto options = std::make_shared<TokenizeTextOptions>();
    add_vocabulary_options(table, options->tokenizer);
    table.add("task", &options->task, "Name of the task of the documents")
        .metavar("NAME");
    table.add("domain", &options->domain, "Domain of the task").metavar("NAME");
    add_text_options(table, options->source, {"auto", "plain", "jsonl"});
    add_end_of_text_option(table, options->end_of_text);
    return [options](cli::CommandContext& context) {
      return run_tokenize_text(*options, context);
    };
  };
  command.examples = {
      {"gato-tokenize text --text-model words.model -o books.h5 books/*.txt",
       "One document per file"},
      {"gato-tokenize text --text-model words.model -o c4.h5 "
       "'c4-train.{00000..00003}-of-01024.json.gz'",
       "One document per line of JSON, the format of C4"},
      {"curl -s https://example.org/pile/00.jsonl.zst | gato-tokenize text "
       "--text-model words.model --format jsonl -o pile.h5 -",
       "Read from a pipe"}};
  return command;
}

}  // namespace gato::commands
