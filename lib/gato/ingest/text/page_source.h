// Reads pages of interleaved images and texts: JSON objects, one per line of a
// file or one per .json member of a tar archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct PageSourceOptions {
  // "gato": {"items": [{"text": ...}, {"image": "PATH"},
  //   {"image_base64": ...}...]}.
  // "mmc4": {"text_list": [...], "image_info": [{"image_name",
  //   "matched_text_index", "image_base64"?}...]}; an image precedes the
  //   sentence that it is matched with, and sentences are joined by spaces.
  // "obelics": {"images": [...], "texts": [...]}, two lists of the same length;
  //   at each index, exactly one of the two is null.
  // "auto": detects the format of each page from its keys.
  std::string format = "auto";
  // The root directory of image files; if empty, that of the page file.
  std::filesystem::path image_root;
};

// A page as it was read. Any thread can parse it with parse_page().
struct PageRecord {
  std::string json;
  std::string location;     // for messages
  int64_t byte_offset = 0;  // in its file; 0 in an archive
  std::shared_ptr<const PageSourceOptions> options;
};
using PageSource = RecordSource<PageRecord>;

// Throws Error(bad_input), which names the location, if the record is not a
// page of the format.
Page parse_page(PageRecord record);

// Reads incrementally: memory is bounded by one page of at most 1 GiB. Files
// may be compressed. The path "-" is the standard input, which contains lines.
std::unique_ptr<PageSource> open_pages(const std::string& path,
                                       const PageSourceOptions& options);

}  // namespace gato::ingest
