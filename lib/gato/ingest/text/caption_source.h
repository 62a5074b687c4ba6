// Opens captioned images in any of the supported formats.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"
#include "gato/ingest/text/tsv.h"
#include "gato/ingest/text/webdataset.h"

namespace gato::ingest {

struct CaptionSourceOptions {
  // "coco", "tsv" or "webdataset". "auto" chooses by file name: .json is coco,
  // .tsv is tsv, and .tar, .tgz and the standard input are webdataset. All may
  // be compressed: .gz, .zst, .bz2, .xz.
  std::string format = "auto";
  // The root directory of image files; if empty, that of the caption file.
  std::filesystem::path image_root;
  TsvOptions tsv;  // its image_root is ignored
  WebDatasetOptions webdataset;
};

// Returns whether "auto" recognizes this file name.
bool has_known_caption_extension(const std::string& path);

// Announces a file of the run to the numbering of the images, if the options
// have one. Must be called for all files, before the first is opened.
void announce_captions(const std::string& path,
                       const CaptionSourceOptions& options);

// Records in the numbering of the images, if the options have one, that another
// process reads this file, which comes before those that this process opens.
void skip_captions(const std::string& path,
                   const CaptionSourceOptions& options);

// Throws Error(usage) if "auto" does not recognize the name, and otherwise
// whatever opening a file of that format throws.
std::unique_ptr<ImageTextSource> open_captions(
    const std::string& path, const CaptionSourceOptions& options);

}  // namespace gato::ingest
