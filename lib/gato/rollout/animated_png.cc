// The format is PNG (ISO/IEC 15948) with animation chunks (W3C PNG, third
// edition):
//
//   signature IHDR acTL  fcTL IDAT  fcTL fdAT  fcTL fdAT ...  IEND
//                        frame 0    frame 1    frame 2
//
// The fcTL and fdAT chunks share one sequence of numbers, from 0. An IDAT has
// no sequence number: decoders that ignore the other chunks find a still image.
// Integers are big-endian.
#include "gato/rollout/animated_png.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <opencv2/imgproc.hpp>
#include <string_view>

#include "gato/base/error.h"
#include "gato/tokenize/image_patches.h"

namespace gato::rollout {
namespace {

std::string big_endian(uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text += static_cast<char>(value >> (8 * i) & 0xff);
  }
  return text;
}

constexpr std::string_view kPngSignature("\x89PNG\r\n\x1a\n", 8);

// Returns a chunk: the length of the data, the type, the data and the CRC-32 of
// type and data.
std::string png_chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  const uLong checksum = crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                               static_cast<uInt>(body.size()));
  return big_endian(static_cast<uint32_t>(data.size()), 4) + body +
         big_endian(static_cast<uint32_t>(checksum), 4);
}

std::string png_header(int height, int width) {
  // Depth of 8 bits, RGB, deflate compression, adaptive filters, no
  // interlacing.
  return png_chunk("IHDR", big_endian(width, 4) + big_endian(height, 4) +
                               std::string("\x08\x02\0\0\0", 5));
}

// Returns the compressed pixels. Each row is stored as its difference from the
// row above it (filter type 2, "Up"), which is zero for most rows of an
// enlarged image.
std::string deflate_rows(const cv::Mat& rgb) {
  constexpr char kUpFilter = 2;
  const size_t row_bytes = static_cast<size_t>(rgb.cols) * 3;
  const std::vector<uint8_t> zero_row(row_bytes);
  std::string rows;
  for (int y = 0; y < rgb.rows; ++y) {
    const uint8_t* row = rgb.ptr(y);
    const uint8_t* above = y == 0 ? zero_row.data() : rgb.ptr(y - 1);
    rows += kUpFilter;
    for (size_t i = 0; i < row_bytes; ++i) {
      rows += static_cast<char>(row[i] - above[i]);
    }
  }
  uLongf size = compressBound(rows.size());
  std::string deflated(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(deflated.data()), &size,
               reinterpret_cast<const Bytef*>(rows.data()),
               rows.size()) != Z_OK) {
    throw std::bad_alloc();
  }
  deflated.resize(size);
  return deflated;
}

// Returns the control chunk of a frame that covers and replaces the canvas.
std::string frame_control(uint32_t sequence, int width, int height,
                          uint32_t delay_milliseconds) {
  return png_chunk("fcTL", big_endian(sequence, 4) + big_endian(width, 4) +
                               big_endian(height, 4) + std::string(8, '\0') +
                               big_endian(delay_milliseconds, 2) +
                               big_endian(1000, 2) + std::string(2, '\0'));
}

}  // namespace

void AnimatedPng::add_frame(const data::Image& frame) {
  assert(frame.height > 0 && frame.width > 0);
  const cv::Mat rgb(frame.height, frame.width, CV_8UC3,
                    const_cast<uint8_t*>(frame.pixels.data()));
  if (frames_.empty()) {
    const int factor =
        std::max(1, 256 / std::max({frame.height, frame.width, 1}));
    height_ = frame.height * factor;
    width_ = frame.width * factor;
  }
  cv::Mat sized;
  cv::resize(rgb, sized, {width_, height_}, 0, 0, cv::INTER_NEAREST);
  frames_.push_back(deflate_rows(sized));
}

std::string AnimatedPng::encode(int frames_per_second) const {
  std::string file(kPngSignature);
  file += png_header(height_, width_);
  file +=
      png_chunk("acTL", big_endian(static_cast<uint32_t>(frames_.size()), 4) +
                            big_endian(0, 4));
  uint32_t sequence = 0;
  for (size_t i = 0; i < frames_.size(); ++i) {
    const bool is_last = i + 1 == frames_.size();
    file += frame_control(sequence++, width_, height_,
                          is_last ? 1000 : 1000 / frames_per_second);
    file += i == 0 ? png_chunk("IDAT", frames_[i])
                   : png_chunk("fdAT", big_endian(sequence++, 4) + frames_[i]);
  }
  return file + png_chunk("IEND", "");
}

data::Image render_frame(const PolicyInput& input) {
  const env::EnvironmentSpec& spec = input.environment->spec();
  if (spec.has_render) {
    return input.environment->render();
  }
  for (size_t f = 0; f < spec.task.observation_fields.size(); ++f) {
    if (spec.task.observation_fields[f].role == data::Role::image) {
      return tokenize::to_image(std::get<data::Array>((*input.observation)[f]));
    }
  }
  throw base::usage_error(
      "{} renders no image and has none among its observations",
      spec.task.name);
}

}  // namespace gato::rollout
