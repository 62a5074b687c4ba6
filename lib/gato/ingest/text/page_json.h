// Parses the JSON of pages of interleaved images and texts.
#pragma once

#include <filesystem>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

// Returns the items of a page in one of the formats of PageSourceOptions.
// Adjacent texts are merged only in MMC4; blank texts are dropped. Paths of
// images are relative to `image_root`. Throws Error(bad_input), which names the
// key, if the text is not a JSON object, a value is missing or malformed, or no
// item is left.
Page parse_page_json(const std::string& text, const std::string& format,
                     const std::filesystem::path& image_root);

}  // namespace gato::ingest
