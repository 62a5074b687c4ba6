// Joins images and texts that a dataset keeps in separate lists.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

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
};

// Returns images in list order, each with all of its texts in list order, and
// then the errors.
std::unique_ptr<ImageTextSource> make_joined_source(JoinedImageTexts texts);

}  // namespace gato::ingest
