// Each document or segment becomes the JSON of tokenize::TokenDecoder, which is
// printed as one line or as indented keys and values.
#include "gato/commands/info/info_decode.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"
#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/commands/info/file_kind.h"
#include "gato/commands/info/info_output.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/token_decoder.h"

namespace gato::commands {
namespace {

using nlohmann::ordered_json;

int64_t parse_index(const std::string& text) {
  if (text.size() > 18 || !base::is_digits(text)) {
    throw base::usage_error("--documents: \"{}\" is not a non-negative integer",
                            text);
  }
  return std::stoll(text);
}

void print_value(const std::string& title, const ordered_json& value) {
  // Only texts are quoted.
  const bool is_image =
      value.is_string() &&
      value.get_ref<const std::string&>().starts_with("image ");
  std::cout << fmt::format(
      "    {} = {}\n", base::escape_control_characters(title),
      is_image ? scalar_to_text(value) : to_json_line(value));
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
  DocumentPrinter(std::string path, const DocumentRange& range, bool is_json)
      : path_(std::move(path)), range_(range), is_json_(is_json) {}

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
      std::cout << to_json_line(location) << '\n';
    } else {
      print_document(title, document);
    }
  }

  std::string path_;
  DocumentRange range_;
  bool is_json_;
};

}  // namespace

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

void print_decoded(const std::string& path, const DocumentRange& range,
                   bool is_json) {
  const DocumentPrinter printer(path, range, is_json);
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

}  // namespace gato::commands
