// COCO captions:
//   {"images": [{"id", "file_name"}...],
//    "annotations": [{"id", "image_id", "caption"}...]}
// Other keys are ignored. Image ids are unique.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/joined_image_texts.h"

namespace gato::ingest {

// Reads the entire file, of which only file names and captions stay in memory:
// images in file order, a record with one text per caption in file order, and
// the bad records. A caption without an id is a bad record if
// `requires_caption_ids`. Throws Error(io) if the file cannot be read, and
// Error(bad_input) if it is not JSON of this layout.
JoinedImageTexts read_coco_captions(const std::string& path,
                                    bool requires_caption_ids);

// Returns the same as a source: images in file order, each with all of its
// captions, and then bad records. Images without a caption are skipped,
// captions without an id are bad records. Throws the same errors.
std::unique_ptr<ImageTextSource> open_coco_captions(
    const std::string& path, const std::filesystem::path& image_root);

}  // namespace gato::ingest
