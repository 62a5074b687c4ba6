// Parses JSON objects that represent pages of interleaved images and texts.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

// Returns the items of a page in one of the formats of PageSourceOptions.
// Adjacent texts are merged only in MMC4; blank texts are dropped. Paths of
// images are relative to `image_root`. Throws Error(bad_input), which names the
// key, if a value is missing or malformed, and if no item is left.
Page parse_page_json(nlohmann::json object, const std::string& format,
                     const std::filesystem::path& image_root);

}  // namespace gato::ingest
