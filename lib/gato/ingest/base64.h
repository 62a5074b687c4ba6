// Base64 (RFC 4648) within JSON.
#pragma once

#include <string>
#include <string_view>

namespace gato::ingest {

// The bytes. Padding may be left out; line ends are passed over. Error
// (bad_input) where another character stands, or the text ends early.
std::string decode_base64(std::string_view text);

}  // namespace gato::ingest
