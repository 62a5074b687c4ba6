#include "gato/ingest/images/image_format.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "gato/base/error.h"

namespace gato::ingest {

std::optional<ImageFormat> detect_image_format(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 16));
  if (text.starts_with("\xFF\xD8\xFF")) return ImageFormat::jpeg;
  if (text.starts_with("\x89PNG\r\n\x1A\n")) return ImageFormat::png;
  if (text.starts_with("GIF8")) return ImageFormat::gif;
  if (text.starts_with("RIFF") && text.size() >= 12 &&
      text.substr(8, 4) == "WEBP") {
    return ImageFormat::webp;
  }
  // The magic number is followed by white space or a comment.
  if (text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '6' &&
      std::string_view(" \t\n\r\v\f#").find(text[2]) != text.npos) {
    return ImageFormat::pnm;
  }
  return std::nullopt;
}

const char* image_media_type(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return "image/jpeg";
    case ImageFormat::png:
      return "image/png";
    case ImageFormat::webp:
      return "image/webp";
    case ImageFormat::gif:
      return "image/gif";
    case ImageFormat::pnm:
      return nullptr;
  }
  throw std::logic_error("unknown image format");
}

void check_image_size(int64_t height, int64_t width) {
  if (height < 1 || width < 1) {
    throw base::input_error("the image has {} x {} pixels", height, width);
  }
  if (width > kMaxImagePixels / height) {
    throw base::input_error(
        "the image has {} x {} pixels, more than {}: downscale it", height,
        width, kMaxImagePixels);
  }
}

}  // namespace gato::ingest
