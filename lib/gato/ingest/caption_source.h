// Captioned images in any of the formats that are read.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/image_text.h"
#include "gato/ingest/tsv.h"
#include "gato/ingest/webdataset.h"

namespace gato {

struct CaptionOptions {
  // "coco", "tsv", "webdataset"; "auto" goes by the name: .json; .tsv; .tar,
  // .tgz and the standard input. The last two may end in .gz, .zst, .bz2, .xz.
  std::string format = "auto";
  // Of image files; empty: the folder of the captions' file.
  std::filesystem::path image_root;
  TsvOptions tsv;  // its image_root is not looked at
  WebDatasetOptions webdataset;
};

// Whether "auto" knows the format by this name.
bool is_caption_name(const std::string& path);

// Error (usage) where "auto" does not know the name; else as the formats' own.
std::unique_ptr<ImageTextSource> open_captions(const std::string& path,
                                               const CaptionOptions& options);

}  // namespace gato
