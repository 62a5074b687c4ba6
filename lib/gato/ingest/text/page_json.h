// The layouts of a page of interleaved images and texts as a JSON object.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

// The items of a page in a format of PageSourceOptions. Texts next to each
// other are one item only in MMC4; blank ones are left out. Images that name a
// file are below `image_root`. Error (bad_input) names the key, and where no
// text is left and no image.
Page parse_page_json(nlohmann::json object, const std::string& format,
                     const std::filesystem::path& image_root);

}  // namespace gato::ingest
