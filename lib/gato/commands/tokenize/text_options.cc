#include "gato/commands/tokenize/text_options.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "gato/base/error.h"

namespace gato::commands {

void add_text_options(cli::OptionTable& table,
                      ingest::TextSourceOptions& options,
                      std::vector<std::string> formats) {
  table
      .add("format", &options.format,
           "Format of the inputs; auto detects it from their names")
      .one_of(std::move(formats))
      .metavar("FORMAT");
  table
      .add("text-key", &options.text_key,
           "Key of the text in the objects of JSON lines")
      .metavar("KEY");
  table
      .add(
          "document-separator", &options.document_separator,
          "How to split plain text into documents: file (one document per "
          "file), lines, blank-lines, or at a literal string such as "
          "<|endoftext|>, which is removed; the escapes \\n, \\t, \\r and \\\\ "
          "are recognized in it")
      .metavar("TEXT");
  table.add_check([&options] {
    if (options.document_separator.empty()) {
      throw base::usage_error(
          "option --document-separator: the string is empty; use 'file' for "
          "one document per file");
    }
    ingest::unescape_separator(options.document_separator);
  });
}

void TextWarnings::warn_if_json_lines(const ingest::TextSource& source) {
  if (has_warned_of_json_ || !source.looks_like_json_lines()) {
    return;
  }
  has_warned_of_json_ = true;
  spdlog::warn(
      "{}: looks like JSON lines, but is read as plain text; use --format "
      "jsonl for JSON lines, or --format plain to silence this warning",
      source.name());
}

void TextWarnings::count_missing_separator(const ingest::TextSource& source) {
  if (source.lacks_line_feeds() && !has_warned_of_line_feeds_) {
    has_warned_of_line_feeds_ = true;
    spdlog::warn(
        "{}: it is one document, because its lines end with carriage returns "
        "instead of line feeds: convert it with tr '\\r' '\\n'",
        source.name());
  }
  if (!source.lacks_separator()) {
    return;
  }
  if (inputs_without_separator_++ == 0) {
    first_input_without_separator_ = source.name();
  }
}

void TextWarnings::warn_of_missing_separators() const {
  if (inputs_without_separator_ == 0) {
    return;
  }
  spdlog::warn(
      "--document-separator '{}' does not occur in {} of the inputs (the first "
      "is {}): each of them is one document",
      separator_, inputs_without_separator_, first_input_without_separator_);
}

}  // namespace gato::commands
