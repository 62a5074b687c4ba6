#include "gato/ingest/image_file.h"

#include <cstring>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/output.h"

namespace gato {
namespace {

constexpr std::uintmax_t most_bytes = std::uintmax_t{256} << 20;

std::vector<uint8_t> bytes_of(const std::filesystem::path& path) {
  std::error_code unknown;  // read_file says what is wrong
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  if (!unknown && size > most_bytes) {
    throw input_error("{}: more than {} MiB", path.string(), most_bytes >> 20);
  }
  const std::string bytes = read_file(path);
  if (bytes.empty()) throw input_error("{}: the file is empty", path.string());
  return {bytes.begin(), bytes.end()};
}

}  // namespace

bool is_complete_jpeg(std::span<const uint8_t> bytes) {
  size_t i = 2;  // after the start mark FFD8
  while (i + 1 < bytes.size()) {
    if (bytes[i] != 0xFF) {  // compressed data, up to the next mark
      ++i;
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

Image read_image(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = bytes_of(path);
  const auto starts_with = [&bytes](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
  };
  if ((starts_with("\xFF\xD8") && !is_complete_jpeg(bytes)) ||
      (starts_with("\x89PNG") && !is_complete_png(bytes))) {
    throw input_error("{}: the file is cut short", path.string());
  }
  cv::Mat decoded;
  try {
    decoded = cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception& error) {
    throw input_error("{}: {}", path.string(), error.what());
  }
  if (decoded.empty()) {
    throw input_error("{}: not an image that can be read", path.string());
  }
  Image image{decoded.rows, decoded.cols, {}};
  image.pixels.resize(decoded.total() * 3);
  cv::Mat rgb(decoded.rows, decoded.cols, CV_8UC3, image.pixels.data());
  cv::cvtColor(decoded, rgb, cv::COLOR_BGR2RGB);
  return image;
}

}  // namespace gato
