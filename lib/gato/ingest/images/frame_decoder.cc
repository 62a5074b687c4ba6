#include "gato/ingest/images/frame_decoder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "gato/base/error.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/ingest/images/image_format.h"
#include "gato/ingest/images/jpeg_decoder.h"
#include "gato/ingest/images/pnm_decoder.h"

namespace gato::ingest {
namespace {

int64_t channel_count(const std::vector<int64_t>& shape) {
  return shape.size() == 3 ? shape[2] : 1;
}

// IHDR, the first chunk of a PNG, begins after the signature; its bit depth
// follows the width and the height.
bool has_16_bit_channels(std::span<const uint8_t> bytes,
                         std::optional<ImageFormat> format) {
  constexpr size_t kBitDepthOffset = 24;
  if (format == ImageFormat::pnm) {
    return has_16_bit_pnm_values(bytes);
  }
  return format == ImageFormat::png && bytes.size() > kBitDepthOffset &&
         bytes[kBitDepthOffset] == 16;
}

// Returns the luminance of Rec. 601, with the fixed-point weights of libjpeg in
// units of 2^-16, which map each gray to itself.
uint8_t luminance(const uint8_t* rgb) {
  constexpr int kRed = 19595, kGreen = 38470, kBlue = 7471, kHalf = 1 << 15;
  return static_cast<uint8_t>(
      (kRed * rgb[0] + kGreen * rgb[1] + kBlue * rgb[2] + kHalf) >> 16);
}

}  // namespace

data::Image decode_frame(std::span<const uint8_t> bytes) {
  const auto format = detect_image_format(bytes);
  if (has_16_bit_channels(bytes, format)) {
    throw base::input_error("the {} has 16 bits per channel, not 8",
                            image_format_name(*format));
  }
  return decode_image(bytes, Orientation::as_stored);
}

void check_frame_shape(const std::vector<int64_t>& shape) {
  const int64_t channels = channel_count(shape);
  if (shape.size() < 2 || shape.size() > 3 ||
      (channels != 1 && channels != 3)) {
    throw base::input_error("a compressed image cannot have the shape [{}]",
                            fmt::join(shape, ", "));
  }
  check_image_size(shape[0], shape[1]);
}

void decode_frame(std::span<const uint8_t> bytes,
                  const std::vector<int64_t>& shape, uint8_t* pixels) {
  const int64_t channels = channel_count(shape);
  if (detect_image_format(bytes) == ImageFormat::jpeg) {
    return decode_jpeg_as_stored(bytes, static_cast<int>(shape[0]),
                                 static_cast<int>(shape[1]),
                                 static_cast<int>(channels), pixels);
  }
  const data::Image image = decode_frame(bytes);
  if (image.height != shape[0] || image.width != shape[1]) {
    throw base::input_error("the image has {} x {} pixels, not {} x {}",
                            image.height, image.width, shape[0], shape[1]);
  }
  if (channels == 3) {
    std::copy(image.pixels.begin(), image.pixels.end(), pixels);
    return;
  }
  for (int64_t i = 0; i < shape[0] * shape[1]; ++i) {
    pixels[i] = luminance(&image.pixels[static_cast<size_t>(3 * i)]);
  }
}

}  // namespace gato::ingest
