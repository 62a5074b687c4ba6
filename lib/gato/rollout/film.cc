#include "gato/rollout/film.h"

#include <algorithm>
#include <array>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>

#include "gato/base/error.h"
#include "gato/tokenize/image.h"

namespace gato {
namespace {

// --- PNG (ISO 15948) and its animation chunks (W3C PNG, third edition)
// --------

std::string big_endian(uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i)
    text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

uint32_t read_big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

uint32_t crc32(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

constexpr std::string_view signature("\x89PNG\r\n\x1a\n", 8);

std::string chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  return big_endian(static_cast<uint32_t>(data.size()), 4) + body +
         big_endian(crc32(body), 4);
}

// The data of all chunks of a type, joined.
std::string chunks_of(std::string_view png, std::string_view type) {
  std::string data;
  for (size_t at = signature.size(); at + 12 <= png.size();) {
    const uint32_t size = read_big_endian(png.substr(at, 4));
    if (png.substr(at + 4, 4) == type) data += png.substr(at + 8, size);
    at += 12 + size;
  }
  return data;
}

// Frame control: all of the canvas, replacing what was there.
std::string frame_control(uint32_t sequence, int width, int height,
                          uint32_t delay_milliseconds) {
  return chunk("fcTL", big_endian(sequence, 4) + big_endian(width, 4) +
                           big_endian(height, 4) + std::string(8, '\0') +
                           big_endian(delay_milliseconds, 2) +
                           big_endian(1000, 2) + std::string(2, '\0'));
}

}  // namespace

void Film::add(const Image& frame) {
  const cv::Mat rgb(frame.height, frame.width, CV_8UC3,
                    const_cast<uint8_t*>(frame.pixels.data()));
  if (frames_.empty()) {
    const int factor =
        std::max(1, 256 / std::max({frame.height, frame.width, 1}));
    height_ = frame.height * factor;
    width_ = frame.width * factor;
  }
  cv::Mat sized, bgr;
  cv::resize(rgb, sized, {width_, height_}, 0, 0, cv::INTER_NEAREST);
  cv::cvtColor(sized, bgr, cv::COLOR_RGB2BGR);
  std::vector<uint8_t> png;
  cv::imencode(".png", bgr, png);
  frames_.emplace_back(png.begin(), png.end());
}

std::string Film::to_apng(int rate) const {
  std::string file(signature);
  file += chunk("IHDR", chunks_of(frames_.front(), "IHDR"));
  file += chunk("acTL", big_endian(static_cast<uint32_t>(frames_.size()), 4) +
                            big_endian(0, 4));
  uint32_t sequence = 0;
  for (size_t i = 0; i < frames_.size(); ++i) {
    const bool is_last = i + 1 == frames_.size();
    file += frame_control(sequence++, width_, height_,
                          is_last ? 1000 : 1000 / rate);
    const std::string data = chunks_of(frames_[i], "IDAT");
    file += i == 0 ? chunk("IDAT", data)
                   : chunk("fdAT", big_endian(sequence++, 4) + data);
  }
  return file + chunk("IEND", "");
}

Image picture_of(const Turn& turn) {
  const EnvironmentSpec& spec = turn.environment->spec();
  if (spec.has_render) return turn.environment->render();
  for (size_t f = 0; f < spec.task.observation.size(); ++f)
    if (spec.task.observation[f].role == Role::image)
      return image_of(std::get<Array>((*turn.observation)[f]));
  throw usage_error(
      "--video: {} draws no picture and has no image among its observations",
      spec.task.name);
}

}  // namespace gato
