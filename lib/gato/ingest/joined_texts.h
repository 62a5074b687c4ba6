// Images and texts that stand in lists of their own and are joined in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gato/ingest/image_text.h"

namespace gato {

struct JoinedTexts {
  // The texts of a record of the list: the beginning followed by each ending.
  struct Record {
    size_t image = 0;  // index into images
    int64_t id = 0;    // in the list
    std::string beginning;
    std::vector<std::string> endings;
  };

  std::vector<std::filesystem::path> inputs;
  std::filesystem::path image_root;
  std::vector<std::string> images;    // paths below image_root
  std::string label;                  // of a record, before its id
  std::vector<Record> records;        // in any order
  std::vector<std::string> problems;  // a message for each bad record
  ImageTextSource::Counts passed_over;
};

// The texts of an image together, in the order of the list; images in the order
// of theirs; bad records last.
std::unique_ptr<ImageTextSource> make_source(JoinedTexts texts);

}  // namespace gato
