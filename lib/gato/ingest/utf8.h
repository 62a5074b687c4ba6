// Whether text is UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace gato::ingest {

// The place of the first byte that begins no character (overlong forms,
// surrogates and values above U+10FFFF are none); nothing where all is well.
std::optional<size_t> find_invalid_utf8(std::string_view text);

}  // namespace gato::ingest
