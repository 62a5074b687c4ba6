#include "gato/ingest/images/exif.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace gato::ingest {
namespace {

using Span = std::span<const uint8_t>;

bool starts_with(Span bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// Returns the integer of 2 or 4 bytes at `offset`; nullopt beyond the end.
std::optional<uint32_t> read_integer(Span bytes, size_t offset, size_t size,
                                     bool is_big_endian) {
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return std::nullopt;
  }
  uint32_t number = 0;
  for (size_t i = 0; i < size; ++i) {
    number =
        number << 8 | bytes[is_big_endian ? offset + i : offset + size - 1 - i];
  }
  return number;
}

}  // namespace

int exif_orientation(Span exif) {
  constexpr int kUpright = 1;
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  if (starts_with(exif, kPrefix)) {
    exif = exif.subspan(kPrefix.size());
  }
  const bool is_big_endian = starts_with(exif, "MM");
  if (!is_big_endian && !starts_with(exif, "II")) {
    return kUpright;
  }
  const auto read = [&](size_t offset, size_t size) {
    return read_integer(exif, offset, size, is_big_endian);
  };
  // The header is the byte order, the number 42 and the offset of the first
  // directory: a count, then entries of 12 bytes: tag (2), type (2), count (4)
  // and value (4), which is left-justified.
  constexpr size_t kEntrySize = 12;
  const auto directory = read(4, 4);
  if (read(2, 2) != 42u || !directory) {
    return kUpright;
  }
  const uint32_t entries = read(*directory, 2).value_or(0);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = *directory + 2 + i * kEntrySize;
    if (read(entry, 2) != 0x0112u) {
      continue;
    }
    const size_t size = read(entry + 2, 2) == 4u ? 4 : 2;  // long or short
    const uint32_t orientation = read(entry + 8, size).value_or(kUpright);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation)
                                                : kUpright;
  }
  return kUpright;
}

Span find_webp_exif(Span bytes) {
  // "RIFF", a size and "WEBP" are followed by chunks: name (4), size (4) and
  // data, padded to an even number of bytes.
  for (size_t i = 12; i + 8 <= bytes.size();) {
    const size_t size = *read_integer(bytes, i + 4, 4, false);
    const Span data = bytes.subspan(i + 8);
    if (starts_with(bytes.subspan(i), "EXIF")) {
      return data.first(std::min(size, data.size()));
    }
    i += 8 + size + size % 2;
  }
  return {};
}

data::Image apply_orientation(data::Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) {
    return image;
  }
  // The sides of the upright image at which the stored first row and first
  // column are (Exif 2.3, 4.6.4): 2 top, right; 3 bottom, right; 4 bottom,
  // left; 5 left, top; 6 right, top; 7 right, bottom; 8 left, bottom.
  const bool is_transposed = orientation >= 5;
  data::Image result{is_transposed ? image.width : image.height,
                     is_transposed ? image.height : image.width,
                     {}};
  result.pixels.resize(image.pixels.size());
  const bool from_right = orientation == 2 || orientation == 3 ||
                          orientation == 6 || orientation == 7;
  const bool from_bottom = orientation == 3 || orientation == 4 ||
                           orientation == 7 || orientation == 8;
  for (int64_t row = 0; row < result.height; ++row) {
    const int64_t y = from_bottom ? result.height - 1 - row : row;
    for (int64_t column = 0; column < result.width; ++column) {
      const int64_t x = from_right ? result.width - 1 - column : column;
      const int64_t from =
          is_transposed ? x * image.width + y : y * image.width + x;
      std::memcpy(
          &result
               .pixels[static_cast<size_t>((row * result.width + column) * 3)],
          &image.pixels[static_cast<size_t>(from * 3)], 3);
    }
  }
  return result;
}

}  // namespace gato::ingest
