// Pages of interleaved images and texts: JSON objects, one a line or one a
// .json member of a tar archive.
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
  //   "matched_text_index", "image_base64"?}...]}; an image comes before the
  //   sentence that it is matched with, sentences are joined by spaces.
  // "obelics": {"images": [...], "texts": [...]} of one length, where exactly
  //   one of the two is not null at each index.
  // "auto": each page by its keys.
  std::string format = "auto";
  // Of image files; empty: the folder of the pages' file.
  std::filesystem::path image_root;
};

// A page as it was read; page_of() takes it apart, in any thread.
struct PageRecord {
  std::string json;
  std::string location;     // for messages
  int64_t byte_offset = 0;  // in its file
  std::shared_ptr<const PageSourceOptions> options;
};
using PageSource = RecordSource<PageRecord>;

// Error (bad_input), which names the place, for what is no page of the format.
Page parse_page(PageRecord record);

// Reads as it goes: memory is bounded by one page, which has at most 1 GiB.
// Files may be compressed; "-" is the standard input, which holds lines.
std::unique_ptr<PageSource> open_pages(const std::string& path,
                                       const PageSourceOptions& options);

}  // namespace gato::ingest
