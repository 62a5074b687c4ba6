// Captions in tab-separated values, such as Conceptual Captions, whose images
// lie in a folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct TsvOptions {
  std::filesystem::path image_root;
  // Columns: numbers from 1, or names in the first line; empty: found out.
  //
  // The first line is names where it holds no URL ("://") and one of caption,
  // text and title, and one of url, image_url, image, file, filepath, path and
  // filename. Without names, the first column of the first line with a URL is
  // the URL (caption and URL: CC3M; URL and caption: CC12M), and the first
  // other one the caption.
  std::string caption_column;
  std::string image_column;  // of the image's path; without it image_name holds
  // An image's path where no column says so, as a format of fmt: {row} counts
  // the rows from 0, {shard} is row / 10000, {index} row % 10000, and {name}
  // the last part of the URL. The default is what img2dataset names its files.
  std::string image_name_format = "{shard:05}/{shard:05}{index:04}.jpg";
};

// Error (usage) where `image_name` is no such format.
void check_tsv_image_name_format(const std::string& image_name);

// Values are taken as they stand: neither quotes nor backslashes mean anything.
// Reads as it goes; "-" is the standard input. Error (io) where the file cannot
// be read, (bad_input) where the columns cannot be told.
std::unique_ptr<ImageTextSource> open_tsv_captions(const std::string& path,
                                                   const TsvOptions& options);

}  // namespace gato::ingest
