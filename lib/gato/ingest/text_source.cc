#include "gato/ingest/text_source.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "gato/base/placed.h"
#include "gato/ingest/file_name.h"
#include "gato/ingest/utf8.h"

namespace gato {
namespace {

constexpr size_t most_bytes = size_t{64} << 20;  // of a document
constexpr const char* too_long =
    "; cut the text into documents with --document-separator";

bool is_jsonl_name(std::string_view path) {
  const std::string_view name = without_compression(path);
  return name.ends_with(".jsonl") || name.ends_with(".ndjson") ||
         (name != path && name.ends_with(".json"));
}

std::string text_of_line(const std::string& line, const std::string& key) {
  auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) throw input_error("the line is no JSON object");
  const auto found = object.find(key);
  if (found == object.end()) {
    throw input_error("the object has no key '{}' (--text-key)", key);
  }
  if (!found->is_string()) {
    throw input_error("key '{}' is {}, not a text", key, found->type_name());
  }
  return std::move(found->get_ref<std::string&>());
}

}  // namespace

std::string text_of(TextRecord record) {
  return placed(record.place, [&] {
    if (const auto invalid = find_invalid_utf8(record.content)) {
      throw input_error("byte {} is not UTF-8",
                        record.first_byte + static_cast<int64_t>(*invalid));
    }
    if (!record.json_key) return std::move(record.content);
    return text_of_line(record.content, *record.json_key);
  });
}

TextSource::TextSource(const std::string& path,
                       const TextSourceOptions& options)
    : options_(options),
      is_jsonl_(options.format == "jsonl" ||
                (options.format == "auto" && is_jsonl_name(path))),
      reader_(path, most_bytes, too_long) {}

std::optional<TextRecord> TextSource::next() {
  TextRecord record;
  do {
    if (!read_record(record)) return std::nullopt;
  } while (is_blank(record.content));
  if (is_jsonl_) record.json_key = options_.text_key;
  return record;
}

bool TextSource::read_record(TextRecord& record) {
  const std::string& separator = options_.document_separator;
  if (!is_jsonl_ && separator == "blank-lines") return read_paragraph(record);
  const bool found =
      is_jsonl_ || separator == "lines"
          ? reader_.read_line(record.content)
          : reader_.read_until(separator == "file" ? "" : separator,
                               record.content);
  record.place = reader_.place();
  record.first_byte = reader_.first_byte();
  return found;
}

bool TextSource::read_paragraph(TextRecord& record) {
  record.content.clear();
  std::string line;
  while (reader_.read_line(line)) {
    if (is_blank(line)) {
      if (!record.content.empty()) return true;
      continue;
    }
    if (record.content.empty()) {
      record.place = reader_.place();
      record.first_byte = reader_.first_byte();
    } else {
      record.content += '\n';
    }
    record.content += line;
    if (record.content.size() > most_bytes) {
      throw run_error("{}: more than {} MiB without an end{}", record.place,
                      most_bytes >> 20, too_long);
    }
  }
  return !record.content.empty();
}

}  // namespace gato
