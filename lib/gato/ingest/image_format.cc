#include "gato/ingest/image_format.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "gato/ingest/plain_jpeg.h"

namespace gato {
namespace {

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' ||
         c == '\f';
}

// The signature and length of the first chunk, IHDR, are passed over.
std::optional<ImageSize> size_of_png(std::span<const uint8_t> bytes) {
  if (bytes.size() < 24) return {};
  const auto number = [&](size_t at) {
    int64_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8 | bytes[i];
    return value;
  };
  return ImageSize{.height = number(20), .width = number(16)};
}

// By the first chunk (RFC 9649, sections 2.5 to 2.7).
std::optional<ImageSize> size_of_webp(std::span<const uint8_t> bytes) {
  if (bytes.size() < 30) return {};
  const auto number = [&](size_t at, size_t size) {
    int64_t value = 0;
    for (size_t i = at + size; i-- > at;) value = value << 8 | bytes[i];
    return value;
  };
  constexpr int64_t side = 0x3FFF;  // 14 bits
  const std::string_view chunk = text_of(bytes).substr(12, 4);
  if (chunk == "VP8 ") {
    return ImageSize{.height = number(28, 2) & side,
                     .width = number(26, 2) & side};
  }
  if (chunk == "VP8L") {
    const int64_t bits = number(21, 4);
    return ImageSize{.height = (bits >> 14 & side) + 1,
                     .width = (bits & side) + 1};
  }
  if (chunk == "VP8X") {
    return ImageSize{.height = number(27, 3) + 1, .width = number(24, 3) + 1};
  }
  return {};
}

// Takes away what may stand before a number: blanks, and comments to the line's
// end (netpbm's ppm(5)).
void skip_blanks(std::string_view& text) {
  while (!text.empty() && (is_space(text[0]) || text[0] == '#')) {
    const size_t end = text[0] == '#' ? text.find('\n') : 0;
    text.remove_prefix(std::min(text.size(), end == text.npos ? end : end + 1));
  }
}

// Takes a number away.
std::optional<int64_t> take_number(std::string_view& text) {
  skip_blanks(text);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return {};
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

// Takes width and height away, after "P6".
std::optional<ImageSize> take_size(std::string_view& text) {
  text.remove_prefix(2);
  const auto width = take_number(text);
  const auto height = take_number(text);
  if (!width || !height) return {};
  return ImageSize{.height = *height, .width = *width};
}

}  // namespace

std::optional<ImageFormat> image_format(std::span<const uint8_t> bytes) {
  const std::string_view text =
      text_of(bytes.first(std::min<size_t>(bytes.size(), 16)));
  if (text.starts_with("\xFF\xD8\xFF")) return ImageFormat::jpeg;
  if (text.starts_with("\x89PNG\r\n\x1A\n")) return ImageFormat::png;
  if (text.starts_with("RIFF") && text.size() >= 12 &&
      text.substr(8, 4) == "WEBP")
    return ImageFormat::webp;
  if (text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '6' &&
      is_space(text[2])) {
    return ImageFormat::pnm;
  }
  return {};
}

std::optional<ImageSize> image_size(std::span<const uint8_t> bytes,
                                    ImageFormat format) {
  std::string_view text = text_of(bytes);
  switch (format) {
    case ImageFormat::jpeg:
      return size_of_jpeg(bytes);
    case ImageFormat::png:
      return size_of_png(bytes);
    case ImageFormat::webp:
      return size_of_webp(bytes);
    case ImageFormat::pnm:
      return take_size(text);
  }
  return {};
}

bool is_complete_pnm(std::span<const uint8_t> bytes) {
  std::string_view text = text_of(bytes);
  const char kind = text[1];
  const auto size = take_size(text);
  if (!size) return false;
  const bool is_bitmap = kind == '1' || kind == '4';
  const auto largest = is_bitmap ? int64_t{1} : take_number(text);
  if (!largest) return false;
  const int64_t columns =
      kind == '3' || kind == '6' ? size->width * 3 : size->width;
  if (kind >= '4') {  // one blank, then rows of whole bytes
    const int64_t row = is_bitmap        ? (columns + 7) / 8
                        : *largest > 255 ? columns * 2
                                         : columns;
    return std::ssize(text) - 1 >= row * size->height;
  }
  for (int64_t i = 0; i < columns * size->height; ++i) {
    if (!is_bitmap) {
      if (!take_number(text)) return false;
      continue;
    }
    skip_blanks(text);  // digits need none between them
    if (text.empty()) return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace gato
