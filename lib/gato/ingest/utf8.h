// Validation of UTF-8, through utfcpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gato::ingest {

// Returns the index of the first byte that does not begin a valid character;
// nullopt if there is none. Overlong forms, surrogates and values above
// U+10FFFF are invalid.
std::optional<size_t> find_invalid_utf8(std::string_view text);

// Returns the text with bytes that do not begin a character written as \x and
// two digits.
std::string escape_invalid_utf8(std::string_view text);

// Throws Error(bad_input), which names the first invalid byte, unless the text
// is valid UTF-8. `byte_offset` is the offset of the text in its file.
void require_utf8(std::string_view text, int64_t byte_offset);

// Returns "UTF-16LE" or "UTF-16BE" if the text begins with a byte order mark of
// UTF-16, or without one of UTF-8 and with a NUL character in every other byte,
// as Latin letters have in UTF-16. Returns an empty string otherwise.
std::string_view detect_utf16(std::string_view beginning);

// Returns the characters of the text. Bytes that do not begin a valid character
// are skipped.
std::vector<std::string> utf8_characters(std::string_view text);

}  // namespace gato::ingest
