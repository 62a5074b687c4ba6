#include "gato/ingest/utf8.h"

#include <utf8.h>

#include <algorithm>

#include "gato/base/error.h"

namespace gato::ingest {

std::optional<size_t> find_invalid_utf8(std::string_view text) {
  const size_t index = utf8::find_invalid(text);
  if (index == std::string_view::npos) return std::nullopt;
  return index;
}

void require_utf8(std::string_view text, int64_t byte_offset) {
  if (const auto invalid = find_invalid_utf8(text)) {
    throw base::input_error("byte {} is not UTF-8",
                            byte_offset + static_cast<int64_t>(*invalid));
  }
}

std::vector<std::string> utf8_characters(std::string_view text) {
  std::vector<std::string> characters;
  while (!text.empty()) {
    const size_t valid_bytes = find_invalid_utf8(text).value_or(text.size());
    const char* const end = text.data() + valid_bytes;
    for (const char* next = text.data(); next != end;) {
      const char* const begin = next;
      utf8::unchecked::next(next);
      characters.emplace_back(begin, next);
    }
    text.remove_prefix(std::min(valid_bytes + 1, text.size()));
  }
  return characters;
}

}  // namespace gato::ingest
