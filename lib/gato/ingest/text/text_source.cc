#include "gato/ingest/text/text_source.h"

#include <string_view>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/file_extension.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/other_formats.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

constexpr size_t kMaxDocumentBytes = size_t{64} << 20;

bool is_named_separator(std::string_view separator) {
  return separator == "file" || separator == "lines" ||
         separator == "blank-lines";
}

// Returns what to do about a document that is too long.
std::string too_long_advice(const TextSourceOptions& options, bool is_jsonl) {
  if (!is_jsonl && options.document_separator == "file") {
    return "; split the text into documents with --document-separator";
  }
  if (!is_jsonl && !is_named_separator(options.document_separator)) {
    return "; is its --document-separator right?";
  }
  return "; split it into shorter documents";
}

// Returns whether the text begins with `{"`, white space aside.
bool starts_like_json_object(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  const size_t brace = text.find_first_not_of(" \t\r\n");
  if (brace == std::string_view::npos || text[brace] != '{') {
    return false;
  }
  const size_t quote = text.find_first_not_of(" \t", brace + 1);
  return quote != std::string_view::npos && text[quote] == '"';
}

bool has_jsonl_extension(std::string_view path) {
  const std::string_view name = strip_compression_extension(path);
  return name.ends_with(".jsonl") || name.ends_with(".ndjson") ||
         (name != path && name.ends_with(".json"));
}

}  // namespace

std::string extract_text(TextRecord record) {
  return base::with_context(record.location, [&record] {
    require_utf8(record.content, record.byte_offset);
    if (!record.json_key) {
      return std::move(record.content);
    }
    nlohmann::json object = parse_json_object(record.content);
    return take_string_at(object, *record.json_key, " (--text-key)");
  });
}

std::string unescape_separator(const std::string& text) {
  constexpr std::string_view kLetters = "ntr\\", kMeanings = "\n\t\r\\";
  std::string separator;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      separator += text[i];
      continue;
    }
    ++i;
    const size_t letter =
        i < text.size() ? kLetters.find(text[i]) : std::string_view::npos;
    if (letter == std::string_view::npos) {
      throw base::usage_error(
          "option --document-separator: '{}' contains a backslash that begins "
          "none of \\n, \\t, \\r and \\\\: write \\\\ for a backslash",
          text);
    }
    separator += kMeanings[letter];
  }
  return separator;
}

TextSource::TextSource(const std::string& path,
                       const TextSourceOptions& options)
    : options_(options),
      is_jsonl_(options.format == "jsonl" ||
                (options.format == "auto" && has_jsonl_extension(path))),
      reader_(path, kMaxDocumentBytes, too_long_advice(options, is_jsonl_)) {
  options_.document_separator = unescape_separator(options.document_separator);
}

void TextSource::check_first_bytes() {
  has_checked_first_bytes_ = true;
  const std::string_view first = reader_.peek(512);
  is_rejected_ = true;  // in case the next line throws
  reject_other_formats(reader_.name(), first);
  is_rejected_ = false;
  looks_like_json_lines_ =
      !is_jsonl_ && options_.format == "auto" && starts_like_json_object(first);
}

std::optional<TextRecord> TextSource::next() {
  if (!has_checked_first_bytes_) {
    check_first_bytes();
  }
  if (is_rejected_) {
    return std::nullopt;
  }
  TextRecord record;
  do {
    if (!read_record(record)) {
      return std::nullopt;
    }
  } while (is_blank(record.content));
  if (is_jsonl_) {
    record.json_key = options_.text_key;
  }
  has_documents_ = true;
  return record;
}

bool TextSource::lacks_separator() const {
  return !is_jsonl_ && !is_named_separator(options_.document_separator) &&
         has_documents_ && !reader_.has_found_separator();
}

bool TextSource::lacks_line_feeds() const {
  const std::string& separator = options_.document_separator;
  return !is_jsonl_ && (separator == "lines" || separator == "blank-lines") &&
         has_documents_ && has_carriage_returns_ &&
         !reader_.has_found_separator();
}

bool TextSource::read_record(TextRecord& record) {
  const std::string& separator = options_.document_separator;
  if (!is_jsonl_ && separator == "blank-lines") {
    return read_paragraph(record);
  }
  const bool found =
      is_jsonl_ || separator == "lines"
          ? reader_.read_line(record.content)
          : reader_.read_until(separator == "file" ? "" : separator,
                               record.content);
  record.location = reader_.location();
  record.byte_offset = reader_.record_offset();
  note_carriage_returns(record.content);
  return found;
}

void TextSource::note_carriage_returns(std::string_view text) {
  has_carriage_returns_ =
      has_carriage_returns_ || text.find('\r') != std::string_view::npos;
}

bool TextSource::read_paragraph(TextRecord& record) {
  record.content.clear();
  std::string line;
  // After an error, the rest of the oversized paragraph is still to be skipped.
  bool is_skipping = std::exchange(is_inside_oversized_paragraph_, true);
  while (reader_.read_line(line)) {
    note_carriage_returns(line);
    if (is_blank(line)) {
      is_skipping = false;
      if (!record.content.empty()) {
        break;
      }
      continue;
    }
    if (is_skipping) {
      continue;
    }
    if (record.content.empty()) {
      record.location = reader_.location();
      record.byte_offset = reader_.record_offset();
    } else {
      record.content += '\n';
    }
    record.content += line;
    if (record.content.size() > kMaxDocumentBytes) {
      throw base::input_error("{}: more than {} MiB without an end{}",
                              record.location, kMaxDocumentBytes >> 20,
                              too_long_advice(options_, is_jsonl_));
    }
  }
  is_inside_oversized_paragraph_ = false;
  return !record.content.empty();
}

}  // namespace gato::ingest
