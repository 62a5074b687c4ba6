#include "gato/commands/text_options.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "gato/base/error.h"

namespace gato::commands {

void add_text_options(cli::OptionTable& table,
                      ingest::TextSourceOptions& options,
                      std::vector<std::string> formats) {
  table
      .add("format", &options.format,
           "How the inputs are written; auto goes by the names")
      .one_of(std::move(formats))
      .metavar("FORMAT");
  table
      .add("text-key", &options.text_key,
           "Key of the text in each object of JSON lines")
      .metavar("KEY");
  table
      .add("document-separator", &options.document_separator,
           "What ends a document of plain text: file (nothing, a file is one "
           "document), blank-lines, lines, or any other text, such as "
           "<|endoftext|>, which then belongs to no document; in it \\n, "
           "\\t, \\r and \\\\ are a line end, a tabulator, a carriage "
           "return and a backslash")
      .metavar("TEXT");
  table.add_check([&options] {
    if (options.document_separator.empty()) {
      throw base::usage_error(
          "option --document-separator: the text is empty; use file for one "
          "document a file");
    }
    ingest::unescape_separator(options.document_separator);
  });
}

void TextWarnings::warn_if_json_lines(const ingest::TextSource& source) {
  if (has_warned_of_json_ || !source.looks_like_json_lines()) return;
  has_warned_of_json_ = true;
  spdlog::warn(
      "{}: looks like JSON lines, but is read as plain text; give --format "
      "jsonl, or --format plain if text is meant",
      source.name());
}

void TextWarnings::count_missing_separator(const ingest::TextSource& source) {
  if (!source.lacks_separator()) return;
  if (inputs_without_separator_++ == 0)
    first_input_without_separator_ = source.name();
}

void TextWarnings::warn_of_missing_separators() const {
  if (inputs_without_separator_ == 0) return;
  spdlog::warn(
      "--document-separator '{}' does not occur in {} of the inputs, first in "
      "{}: each of these is one document",
      separator_, inputs_without_separator_, first_input_without_separator_);
}

}  // namespace gato::commands
