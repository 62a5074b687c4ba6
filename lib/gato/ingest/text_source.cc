#include "gato/ingest/text_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "gato/base/error.h"
#include "gato/ingest/utf8.h"

namespace gato {
namespace {

constexpr size_t most_bytes = size_t{64} << 20;  // of a document
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

bool is_jsonl_name(const std::string& path) {
  return path.ends_with(".jsonl") || path.ends_with(".ndjson");
}

std::string text_of_line(const std::string& line, const std::string& key) {
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) throw input_error("the line is no JSON object");
  const auto found = object.find(key);
  if (found == object.end()) {
    throw input_error("the object has no key '{}' (--text-key)", key);
  }
  if (!found->is_string()) {
    throw input_error("key '{}' is {}, not a text", key, found->type_name());
  }
  return found->get<std::string>();
}

}  // namespace

TextSource::TextSource(const std::string& path,
                       const TextSourceOptions& options)
    : path_(path == "-" ? "standard input" : path),
      options_(options),
      is_jsonl_(options.format == "jsonl" ||
                (options.format == "auto" && is_jsonl_name(path))),
      stream_(path == "-" ? &std::cin : &file_) {
  if (path != "-") {
    if (std::filesystem::is_directory(path)) {
      throw io_error("{}: is a directory, not a text file", path);
    }
    file_.open(path, std::ios::binary);
    if (!file_) throw io_error("{}: {}", path, std::strerror(errno));
  }
}

TextSource::~TextSource() = default;

std::optional<TextRecord> TextSource::next() {
  std::string record;
  do {
    first_line_ = line_ + 1;
    first_byte_ = byte_;
    if (!read_record(record)) return std::nullopt;
    if (first_byte_ == 0 && record.starts_with(byte_order_mark)) {
      record.erase(0, byte_order_mark.size());
    }
  } while (is_blank(record));
  try {
    if (const auto invalid = find_invalid_utf8(record)) {
      throw input_error("byte {} is not UTF-8",
                        first_byte_ + static_cast<int64_t>(*invalid));
    }
    if (is_jsonl_) record = text_of_line(record, options_.text_key);
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("{}: {}", place(), error.what()));
  }
  return TextRecord{std::move(record), place()};
}

bool TextSource::read_record(std::string& record) {
  record.clear();
  if (is_jsonl_ || options_.document_separator == "lines") {
    return read_line(record);
  }
  if (options_.document_separator == "blank-lines") {
    return read_paragraph(record);
  }
  return read_until(
      options_.document_separator == "file" ? "" : options_.document_separator,
      record);
}

bool TextSource::read_line(std::string& line) {
  const bool found = read_until("\n", line);
  if (line.ends_with('\r')) line.pop_back();
  return found;
}

bool TextSource::read_paragraph(std::string& record) {
  std::string line;
  while (read_line(line)) {
    if (is_blank(line)) {
      if (!record.empty()) return true;
      first_line_ = line_ + 1;
      first_byte_ = byte_;
      continue;
    }
    if (!record.empty()) record += '\n';
    record += line;
    check_size(record.size());
  }
  return !record.empty();
}

// Takes text up to the separator, or up to the end where there is none.
bool TextSource::read_until(const std::string& separator, std::string& record) {
  size_t searched = begin_;  // no separator begins before here
  size_t end = std::string::npos;
  while (true) {
    if (!separator.empty()) end = buffer_.find(separator, searched);
    if (end != std::string::npos) break;
    // The last bytes may be the first of a separator.
    const size_t pending = buffer_.size() - begin_;
    const size_t kept = separator.empty() ? 0 : separator.size() - 1;
    searched = pending - std::min(pending, kept);
    buffer_.erase(0, begin_);
    begin_ = 0;
    if (!read_chunk()) break;
    check_size(buffer_.size());
  }
  const bool at_end = end == std::string::npos;
  if (at_end && begin_ == buffer_.size()) return false;
  record.assign(buffer_, begin_, at_end ? end : end - begin_);
  const size_t taken = at_end ? buffer_.size() : end + separator.size();
  byte_ += static_cast<int64_t>(taken - begin_);
  line_ +=
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                 buffer_.begin() + static_cast<std::ptrdiff_t>(taken), '\n');
  begin_ = taken;
  return true;
}

bool TextSource::read_chunk() {
  constexpr size_t chunk = size_t{64} << 10;
  const size_t before = buffer_.size();
  buffer_.resize(before + chunk);
  stream_->read(&buffer_[before], chunk);
  buffer_.resize(before + static_cast<size_t>(stream_->gcount()));
  if (stream_->bad()) throw io_error("{}: {}", path_, std::strerror(errno));
  return buffer_.size() > before;
}

std::string TextSource::place() const {
  return fmt::format("{}, line {} (byte {})", path_, first_line_, first_byte_);
}

void TextSource::check_size(size_t size) const {
  if (size > most_bytes) {
    throw run_error(
        "{}: a document of more than {} MiB; cut the text into documents with "
        "--document-separator",
        place(), most_bytes >> 20);
  }
}

}  // namespace gato
