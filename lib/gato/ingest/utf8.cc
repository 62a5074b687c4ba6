#include "gato/ingest/utf8.h"

#include <utf8.h>

#include <algorithm>
#include <array>

#include "gato/base/error.h"

namespace gato::ingest {

std::optional<size_t> find_invalid_utf8(std::string_view text) {
  const size_t index = utf8::find_invalid(text);
  if (index == std::string_view::npos) {
    return std::nullopt;
  }
  return index;
}

std::string escape_invalid_utf8(std::string_view text) {
  std::string shown;
  while (const auto invalid = find_invalid_utf8(text)) {
    shown += text.substr(0, *invalid);
    shown +=
        fmt::format("\\x{:02x}", static_cast<unsigned char>(text[*invalid]));
    text.remove_prefix(*invalid + 1);
  }
  return shown.append(text);
}

void require_utf8(std::string_view text, int64_t byte_offset) {
  if (const auto invalid = find_invalid_utf8(text)) {
    throw base::input_error(
        "byte {} is not UTF-8: convert it with iconv -f ENCODING -t UTF-8",
        byte_offset + static_cast<int64_t>(*invalid));
  }
}

std::string_view detect_utf16(std::string_view beginning) {
  if (beginning.starts_with("\xFF\xFE")) {
    return "UTF-16LE";
  }
  if (beginning.starts_with("\xFE\xFF")) {
    return "UTF-16BE";
  }
  constexpr size_t kMinBytes = 4;
  if (beginning.size() < kMinBytes) {
    return {};
  }
  // The number of NUL characters in even and odd bytes.
  std::array<size_t, 2> nuls{};
  for (size_t i = 0; i < beginning.size(); ++i) {
    nuls[i % 2] += beginning[i] == '\0';
  }
  const size_t pairs = beginning.size() / 2;
  if (nuls[0] == 0 && nuls[1] >= pairs) {
    return "UTF-16LE";
  }
  if (nuls[0] >= pairs && nuls[1] == 0) {
    return "UTF-16BE";
  }
  return {};
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
