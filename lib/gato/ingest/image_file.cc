#include "gato/ingest/image_file.h"

#include <cstring>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/ingest/exif.h"
#include "gato/ingest/plain_jpeg.h"
#include "gato/ingest/png_image.h"

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

namespace {

// Returns what OpenCV may be given.
ImageFormat check_header(std::span<const uint8_t> bytes) {
  if (bytes.empty()) throw input_error("the image is empty");
  const auto format = image_format(bytes);
  if (!format) {
    throw input_error(
        "not an image that can be read: it is no JPEG, PNG, WebP, PBM, PGM or "
        "PPM");
  }
  if ((format == ImageFormat::jpeg && !is_complete_jpeg(bytes)) ||
      (format == ImageFormat::png && !is_complete_png(bytes))) {
    throw input_error("the image is cut short");
  }
  const auto size = image_size(bytes, *format);
  if (!size) throw input_error("the header of the image is damaged");
  if (size->height > 0 && size->width > most_image_pixels / size->height) {
    throw input_error(
        "the image has {} x {} pixels, more than {}: scale it down",
        size->height, size->width, most_image_pixels);
  }
  if (size->height < 1 || size->width < 1) {
    throw input_error("the image has {} x {} pixels", size->height,
                      size->width);
  }
  if (format == ImageFormat::pnm && !is_complete_pnm(bytes)) {
    throw input_error("the image is cut short");
  }
  return *format;
}

}  // namespace

Image decode_image(std::span<const uint8_t> bytes) {
  const ImageFormat format = check_header(bytes);
  if (format == ImageFormat::png) return decode_png(bytes);
  if (format == ImageFormat::jpeg) {
    if (auto image = decode_plain_jpeg(bytes)) return std::move(*image);
  }
  // OpenCV turns JPEGs; whether it does others depends on its version.
  const int mode = format == ImageFormat::jpeg
                       ? cv::IMREAD_COLOR
                       : cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION;
  cv::Mat decoded;
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<uint8_t*>(bytes.data()));
    decoded = cv::imdecode(encoded, mode);
  } catch (const cv::Exception& error) {
    throw input_error("{}", error.what());
  }
  if (decoded.empty()) throw input_error("not an image that can be read");
  Image image{decoded.rows, decoded.cols, {}};
  image.pixels.resize(decoded.total() * 3);
  cv::Mat rgb(decoded.rows, decoded.cols, CV_8UC3, image.pixels.data());
  cv::cvtColor(decoded, rgb, cv::COLOR_BGR2RGB);
  if (format != ImageFormat::webp) return image;
  return upright(std::move(image), exif_orientation(exif_of_webp(bytes)));
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
