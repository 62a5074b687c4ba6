#include "gato/eval/page/data_url.h"

#include <png.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

#include "gato/base/error.h"
#include "gato/ingest/base64.h"

namespace gato::eval {
namespace {

constexpr float kWebpQuality = 75;

std::string encode_png(const tokenize::ImageView& view) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(view.width);
  image.height = static_cast<png_uint_32>(view.height);
  image.format = PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, view.pixels, 0,
                                nullptr) == 0) {
    throw base::run_error("cannot encode an image as PNG: {}", image.message);
  }
  bytes.resize(size);
  return bytes;
}

std::string encode_webp(const tokenize::ImageView& view) {
  uint8_t* bytes = nullptr;
  const size_t size = WebPEncodeRGB(view.pixels, view.width, view.height,
                                    3 * view.width, kWebpQuality, &bytes);
  const std::unique_ptr<uint8_t, decltype(&WebPFree)> owner(bytes, WebPFree);
  if (size == 0) {
    throw std::bad_alloc();
  }
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::string image_data_url(const tokenize::ImageView& image,
                           size_t max_png_bytes) {
  const std::string png = encode_png(image);
  if (png.size() <= max_png_bytes) {
    return "data:image/png;base64," + ingest::encode_base64(png);
  }
  return "data:image/webp;base64," + ingest::encode_base64(encode_webp(image));
}

data::Image shown_image(const data::Array& array, int max_side) {
  data::Image image = tokenize::to_image(array);
  const int side = std::max(image.height, image.width);
  if (side <= max_side) {
    return image;
  }
  const tokenize::Resize size{std::max(1, image.height * max_side / side),
                              std::max(1, image.width * max_side / side)};
  return tokenize::resize_by_area(std::move(image), size);
}

}  // namespace gato::eval
