#include "gato/commands/text_options.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/text/end_of_text.h"

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
          "How plain text is split into documents: file (one document per "
          "file), lines, blank-lines, or at a literal string such as "
          "<|endoftext|>, which is removed; the escapes \\n, \\t, \\r and \\\\ "
          "are recognized in it")
      .metavar("TEXT");
  table
      .add("end-of-text", &options.end_of_text,
           "Marker within documents, such as <|endoftext|>, to replace with "
           "</s>; none: there is no marker. By default, well-known markers are "
           "kept as ordinary text and counted in a warning")
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

void TextWarnings::count_end_of_text_marker(std::string_view text,
                                            const std::string& location) {
  if (!counts_end_of_text_) return;
  const std::string_view marker = ingest::find_end_of_text_marker(text);
  if (marker.empty()) return;
  const std::lock_guard lock(end_of_text_mutex_);
  ++texts_with_end_of_text_;
  if (!end_of_text_.empty() && location >= end_of_text_location_) return;
  end_of_text_ = marker;
  end_of_text_location_ = location;
}

void TextWarnings::warn_of_end_of_text_markers() const {
  if (texts_with_end_of_text_ == 0) return;
  spdlog::warn(
      "{} documents contain an end-of-text marker, such as {} in {}, which is "
      "read as ordinary text; use --end-of-text '{}' to make it </s>, "
      "--document-separator '{}' to divide plain text at it, or --end-of-text "
      "none to silence this warning",
      texts_with_end_of_text_, end_of_text_, end_of_text_location_,
      end_of_text_, end_of_text_);
}

void TextWarnings::count_missing_separator(const ingest::TextSource& source) {
  if (source.lacks_line_feeds() && !has_warned_of_line_feeds_) {
    has_warned_of_line_feeds_ = true;
    spdlog::warn(
        "{}: it is one document, because it has carriage returns in place of "
        "line feeds: convert it with tr '\\r' '\\n'",
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
