#include "gato/ingest/images/image_format.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>

#include "gato/base/error.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/images/pnm_decoder.h"

namespace gato::ingest {

namespace {

// The bytes of a file that are inspected.
constexpr size_t kMaxMagicBytes = 32;

using namespace std::string_view_literals;

// Two letters are too few to tell a BMP from numbers: the header of the file,
// which ends with the offset of the pixels, is followed by the size of one of
// the known kinds of image headers.
bool is_bmp(std::string_view bytes) {
  constexpr size_t kReserved = 6, kHeaderSize = 14;
  if (!bytes.starts_with("BM") || bytes.size() < kHeaderSize + 4 ||
      bytes.substr(kReserved, 4) != "\0\0\0\0"sv ||
      bytes.substr(kHeaderSize + 1, 3) != "\0\0\0"sv) {
    return false;
  }
  constexpr std::string_view kHeaderSizes = "\x0C\x28\x34\x38\x40\x6C\x7C";
  return kHeaderSizes.find(bytes[kHeaderSize]) != std::string_view::npos;
}

bool is_heif(std::string_view bytes) {
  if (bytes.size() < 12 || bytes.substr(4, 4) != "ftyp") {
    return false;
  }
  const std::string_view brand = bytes.substr(8, 4);
  return brand == "avif" || brand == "avis" || brand == "mif1" ||
         brand == "msf1" || brand == "heic" || brand == "heix" ||
         brand == "hevc";
}

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Returns whether the text, which may be padded with zeros, is a complete PNM
// file in base64.
bool is_pnm_in_base64(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  try {
    return is_complete_pnm(bytes_of(decode_base64(text)));
  } catch (const base::Error&) {
    return false;
  }
}

// The magic number is followed by white space or a comment.
bool is_pnm(std::string_view bytes) {
  return bytes.size() >= 3 && bytes[0] == 'P' && bytes[1] >= '1' &&
         bytes[1] <= '6' && " \t\n\r\v\f#"sv.find(bytes[2]) != bytes.npos;
}

}  // namespace

std::optional<ImageFormat> detect_image_format(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kMaxMagicBytes));
  if (text.starts_with("\xFF\xD8\xFF")) {
    return ImageFormat::jpeg;
  }
  if (text.starts_with("\x89PNG\r\n\x1A\n")) {
    return ImageFormat::png;
  }
  if (text.starts_with("GIF8")) {
    return ImageFormat::gif;
  }
  if (text.starts_with("RIFF") && text.size() >= 12 &&
      text.substr(8, 4) == "WEBP") {
    return ImageFormat::webp;
  }
  if (is_pnm(text)) {
    return ImageFormat::pnm;
  }
  if (is_bmp(text)) {
    return ImageFormat::bmp;
  }
  // The last two are BigTIFF.
  for (const std::string_view magic :
       {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (text.starts_with(magic)) {
      return ImageFormat::tiff;
    }
  }
  if (text.starts_with("\0\0\0\x0CjP  \r\n\x87\n"sv) ||
      text.starts_with("\xFF\x4F\xFF\x51")) {
    return ImageFormat::jpeg2000;
  }
  if (text.starts_with("\0\0\0\x0CJXL \r\n\x87\n"sv)) {
    return ImageFormat::jpeg_xl;
  }
  if (is_heif(text)) {
    return ImageFormat::heif;
  }
  return std::nullopt;
}

std::optional<ImageFormat> detect_base64_image_format(std::string_view text) {
  constexpr std::string_view kMarker = ";base64,";
  if (text.starts_with("data:")) {
    const size_t end = text.substr(0, 256).find(kMarker);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(end + kMarker.size());
  }
  // Four digits are three bytes.
  const size_t digits = std::min(text.size(), kMaxMagicBytes) / 4 * 4;
  const std::string_view begin = text.substr(0, digits);
  const bool may_be_base64 = std::ranges::all_of(begin, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '/';
  });
  if (!may_be_base64) {
    return std::nullopt;
  }
  const auto format = detect_image_format(bytes_of(decode_base64(begin)));
  return format == ImageFormat::pnm && !is_pnm_in_base64(text) ? std::nullopt
                                                               : format;
}

const char* image_format_name(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return "JPEG";
    case ImageFormat::png:
      return "PNG";
    case ImageFormat::webp:
      return "WebP";
    case ImageFormat::pnm:
      return "PNM";
    case ImageFormat::gif:
      return "GIF";
    case ImageFormat::bmp:
      return "BMP";
    case ImageFormat::tiff:
      return "TIFF";
    case ImageFormat::jpeg2000:
      return "JPEG 2000";
    case ImageFormat::jpeg_xl:
      return "JPEG XL";
    case ImageFormat::heif:
      return "HEIF or AVIF";
  }
  throw std::logic_error("unknown image format");
}

bool is_decodable(ImageFormat format) {
  return format == ImageFormat::jpeg || format == ImageFormat::png ||
         format == ImageFormat::webp || format == ImageFormat::pnm;
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
    case ImageFormat::bmp:
      return "image/bmp";
    default:
      return nullptr;
  }
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
