#include "gato/ingest/image_file.h"

#include <cstring>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/ingest/image_format.h"
#include "gato/ingest/jpeg_image.h"
#include "gato/ingest/png_image.h"
#include "gato/ingest/pnm_image.h"
#include "gato/ingest/webp_image.h"

namespace gato {

bool is_complete_jpeg(std::span<const uint8_t> bytes) {
  size_t i = 2;  // after the start mark FFD8
  while (i + 1 < bytes.size()) {
    if (bytes[i] != 0xFF) {  // compressed data, up to the next mark
      const void* next = std::memchr(&bytes[i], 0xFF, bytes.size() - i);
      if (next == nullptr) return false;
      i = static_cast<size_t>(static_cast<const uint8_t*>(next) - &bytes[0]);
      continue;
    }
    const uint8_t mark = bytes[i + 1];
    if (mark == 0xD9) return true;
    if (mark == 0xFF) {  // filling
      ++i;
    } else if (mark == 0x00 || mark == 0x01 || (mark >= 0xD0 && mark <= 0xD8)) {
      i += 2;  // a byte FF of the data, or a mark without a segment
    } else {
      if (i + 3 >= bytes.size()) return false;
      i += 2 + (size_t{bytes[i + 2]} << 8 | bytes[i + 3]);
    }
  }
  return false;
}

bool is_complete_png(std::span<const uint8_t> bytes) {
  // After the signature: chunks of a length, a type, data and a checksum.
  for (size_t i = 8; i + 12 <= bytes.size();) {
    const size_t length = size_t{bytes[i]} << 24 | size_t{bytes[i + 1]} << 16 |
                          size_t{bytes[i + 2]} << 8 | bytes[i + 3];
    if (std::memcmp(&bytes[i + 4], "IEND", 4) == 0) return true;
    i += 12 + length;
  }
  return false;
}

Image decode_image(std::span<const uint8_t> bytes) {
  if (bytes.empty()) throw input_error("the image is empty");
  const auto format = image_format(bytes);
  if (!format) {
    throw input_error(
        "not an image that can be read: it is no JPEG, PNG, WebP, PBM, PGM or "
        "PPM");
  }
  switch (*format) {
    case ImageFormat::jpeg:
      if (!is_complete_jpeg(bytes)) break;
      return decode_jpeg(bytes);
    case ImageFormat::png:
      if (!is_complete_png(bytes)) break;
      return decode_png(bytes);
    case ImageFormat::webp:
      return decode_webp(bytes);
    case ImageFormat::pnm:
      return decode_pnm(bytes);
  }
  throw input_error("the image is cut short");
}

Image read_image(const std::filesystem::path& path) {
  std::error_code unknown;  // read_file says what is wrong
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  if (!unknown && size > std::uintmax_t{most_image_bytes}) {
    throw input_error("{}: more than {} MiB", path.string(),
                      most_image_bytes >> 20);
  }
  // A pipe may never end, or never begin.
  if (std::filesystem::exists(path, unknown) &&
      !std::filesystem::is_regular_file(path, unknown) &&
      !std::filesystem::is_directory(path, unknown)) {
    throw input_error("{}: a pipe or a device is no image", path.string());
  }
  const std::string bytes = read_file(path);
  try {
    return decode_image(
        {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  } catch (const Error& error) {
    throw input_error("{}: {}", path.string(), error.what());
  }
}

}  // namespace gato
