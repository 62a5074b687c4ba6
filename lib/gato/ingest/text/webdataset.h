// WebDataset: a tar archive in which the members of a sample stand one after
// another. A member's key is its path up to the first dot after the last slash,
// the rest its field.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct WebDatasetOptions {
  std::string caption_key = "caption";  // in the field json
};

// Key and field of a member; nothing for one that belongs to no sample.
std::optional<std::pair<std::string, std::string>> split_member_name(
    const std::string& path);

// The image of a sample is its field jpg, jpeg, png, webp, ppm, pgm or pbm; its
// caption the field txt or caption, else what is in json under the caption key.
// Without an image it is missing. A sample without caption, with two images, or
// with a field twice is a bad record. Members called __NAME__, without a dot or
// that are no files are passed over.
//
// Reads as it goes: memory is bounded by one sample. "-" is the standard input.
// Error (io) where the file cannot be read, (bad_input) where it is no tar
// archive.
std::unique_ptr<ImageTextSource> open_webdataset(
    const std::string& path, const WebDatasetOptions& options);

}  // namespace gato::ingest
