// COCO captions:
//   {"images": [{"id", "file_name"}...],
//    "annotations": [{"id", "image_id", "caption"}...]}
// Other keys are ignored. Image ids are unique.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

// Reads the whole file, of which only file names and captions stay in memory.
// The source returns images in file order, each with all of its captions, and
// then bad records; images without a caption are skipped. Throws Error(io) if
// the file cannot be read, and Error(bad_input) if it is not JSON of this
// layout.
std::unique_ptr<ImageTextSource> open_coco_captions(
    const std::string& path, const std::filesystem::path& image_root);

}  // namespace gato::ingest
