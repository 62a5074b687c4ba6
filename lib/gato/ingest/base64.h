// Base64 (RFC 4648), as it occurs in JSON and HTML.
#pragma once

#include <string>
#include <string_view>

namespace gato::ingest {

// Returns the encoded bytes. Padding is optional and line breaks are ignored.
// Throws Error(bad_input) if the text contains any other character or is
// truncated.
std::string decode_base64(std::string_view text);

// Returns the base64 of the bytes, with padding and without line breaks.
std::string encode_base64(std::string_view bytes);

}  // namespace gato::ingest
