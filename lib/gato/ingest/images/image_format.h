// Image formats and the limit of image sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gato::ingest {

// pnm is PBM, PGM and PPM, plain and binary; heif includes AVIF.
enum class ImageFormat {
  jpeg,
  png,
  webp,
  pnm,
  gif,
  bmp,
  tiff,
  jpeg2000,
  jpeg_xl,
  heif
};

// Detects the format by its magic bytes. Returns nullopt if it is unknown.
std::optional<ImageFormat> detect_image_format(std::span<const uint8_t> bytes);
// Does the same for a text that is an image file in base64, or a data URL of
// one. PNM is detected only if the file is complete (pnm_decoder.h): ordinary
// text can look like the start of one.
std::optional<ImageFormat> detect_base64_image_format(std::string_view text);

// Returns the name of a format, such as "JPEG 2000".
const char* image_format_name(ImageFormat format);
// Returns whether decode_image() decodes the format.
bool is_decodable(ImageFormat format);
// Returns the media type of a format that browsers display, such as
// "image/png"; nullptr for the others.
const char* image_media_type(ImageFormat format);

// The maximum number of pixels in a decoded image, which is 384 MiB of RGB. A
// header of a few bytes can claim any size.
constexpr int64_t kMaxImagePixels = int64_t{1} << 27;

// Throws Error(bad_input) if an image of this size has no pixels or more than
// kMaxImagePixels. Every decoder calls this before it allocates the pixels.
void check_image_size(int64_t height, int64_t width);

}  // namespace gato::ingest
