// Captioned images in any of the formats that are read.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"
#include "gato/ingest/text/tsv.h"
#include "gato/ingest/text/webdataset.h"

namespace gato::ingest {

struct CaptionSourceOptions {
  // "coco", "tsv", "webdataset"; "auto" goes by the name: .json; .tsv; .tar,
  // .tgz and the standard input. The last two may end in .gz, .zst, .bz2, .xz.
  std::string format = "auto";
  // Of image files; empty: the folder of the captions' file.
  std::filesystem::path image_root;
  TsvOptions tsv;  // its image_root is not looked at
  WebDatasetOptions webdataset;
};

// Whether "auto" knows the format by this name.
bool has_known_caption_extension(const std::string& path);

// Error (usage) where "auto" does not know the name; else as the formats' own.
std::unique_ptr<ImageTextSource> open_captions(
    const std::string& path, const CaptionSourceOptions& options);

}  // namespace gato::ingest
