// The layouts of a page of interleaved images and texts as a JSON object.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/ingest/image_text.h"

namespace gato {

// The items of a page in a format of PageOptions. Texts next to each other are
// one item only in MMC4; blank ones are left out. Images that name a file are
// below `image_root`. Error (bad_input) names the key, and where no text is
// left and no image.
Page page_of(nlohmann::json object, const std::string& format,
             const std::filesystem::path& image_root);

}  // namespace gato
