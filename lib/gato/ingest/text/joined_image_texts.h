// Joins images and texts that a dataset keeps in separate lists.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

// The names of the records of a list in a JSON file, for messages: "PATH: NOUN
// ID", or "PATH: LIST[INDEX]" if the record has no integer under `id_key`.
struct RecordNames {
  std::string path;
  const char* list;
  const char* noun;
  const char* id_key;

  std::string name(const nlohmann::json& record, int64_t index) const;
};

struct JoinedImageTexts {
  // A record of the text list. Its texts are the prefix followed by each of the
  // suffixes.
  struct Record {
    size_t image_index = 0;  // index into image_paths
    int64_t id = 0;
    std::string prefix;
    std::vector<std::string> suffixes;
  };

  std::vector<std::filesystem::path> inputs;
  std::filesystem::path image_root;
  std::vector<std::string> image_paths;  // relative to image_root
  std::string record_label;              // precedes a record's id in messages
  std::vector<Record> records;           // in any order
  std::vector<std::string> errors;       // one message per bad record
  ImageTextSource::Counts skipped;

  // Calls `add`, which adds the record to one of the lists. If it throws an
  // Error, the record is a bad one.
  template <class Add>
  void add_or_report(const RecordNames& names, const nlohmann::json& record,
                     int64_t index, Add add) {
    try {
      add();
    } catch (const base::Error& error) {
      errors.push_back(
          fmt::format("{}: {}", names.name(record, index), error.what()));
    }
  }
};

// Returns images in list order, each with all of its texts in list order, and
// then the errors.
std::unique_ptr<ImageTextSource> make_joined_source(JoinedImageTexts texts);

}  // namespace gato::ingest
