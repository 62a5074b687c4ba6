// Reads WebDataset: tar archives in which the members of a sample are adjacent.
// A member's key, which identifies the sample, is its path up to the first dot
// after the last slash; the rest is its field. If no member of a key has a
// field without a dot that is an image or a text, as with v1.0_1.jpg,
// v1.0_1.txt and v1.0_2.jpg, each path up to the last dot is the key of a
// sample.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct WebDatasetOptions {
  std::string caption_key = "caption";  // of the object in the field json
};

// Returns the key and the field of a member; nullopt if it does not belong to a
// sample.
std::optional<std::pair<std::string, std::string>> split_member_name(
    const std::string& path);

// The image of a sample is its field jpg, jpeg, png, webp, ppm, pgm or pbm, and
// its caption is the field txt or caption, or else the value of the caption key
// in the field json. Without such a field the image is StoredImage::missing. A
// sample without a caption, with two images or with a duplicate field is a bad
// record. Members that are named __NAME__, have no dot in their name or are not
// regular files are skipped.
//
// Reads incrementally: memory is bounded by one sample, or by the texts of one
// key if names contain dots. The path "-" is the standard input. Throws
// Error(io) if the file cannot be read. If it is corrupt or truncated, next()
// returns the samples that are complete, then throws an Error(bad_input) that
// names the first one that is lost, and then returns nullopt.
std::unique_ptr<ImageTextSource> open_webdataset(
    const std::string& path, const WebDatasetOptions& options);

}  // namespace gato::ingest
