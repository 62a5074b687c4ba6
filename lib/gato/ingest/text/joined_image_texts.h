// Images and texts that stand in lists of their own and are joined in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct JoinedImageTexts {
  // The texts of a record of the list: the beginning followed by each ending.
  struct Record {
    size_t image_index = 0;  // index into images
    int64_t id = 0;          // in the list
    std::string prefix;
    std::vector<std::string> suffixes;
  };

  std::vector<std::filesystem::path> inputs;
  std::filesystem::path image_root;
  std::vector<std::string> image_paths;  // paths below image_root
  std::string record_label;              // of a record, before its id
  std::vector<Record> records;           // in any order
  std::vector<std::string> errors;       // a message for each bad record
  ImageTextSource::Counts skipped;
};

// The texts of an image together, in the order of the list; images in the order
// of theirs; bad records last.
std::unique_ptr<ImageTextSource> make_joined_source(JoinedImageTexts texts);

}  // namespace gato::ingest
