// COCO captions: {"images": [{"id", "kManifestName"}...], "annotations":
// [{"id", "image_id", "caption"}...]}, other keys ignored. An id is that of one
// image.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

// Keeps names and captions alone in memory while it reads. Images in the order
// of the file with the captions of each, bad records last; images without
// caption are passed over. Error (io) where the file cannot be read,
// (bad_input) where it is no such JSON.
std::unique_ptr<ImageTextSource> open_coco_captions(
    const std::string& path, const std::filesystem::path& image_root);

}  // namespace gato::ingest
