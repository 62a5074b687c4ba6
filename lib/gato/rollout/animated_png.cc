// The format is PNG (ISO/IEC 15948) with animation chunks (W3C PNG, third
// edition):
//
//   signature IHDR acTL  fcTL IDAT  fcTL fdAT  fcTL fdAT ...  IEND
//                        frame 0    frame 1    frame 2
//
// The fcTL and fdAT chunks share one sequence of numbers, from 0. An IDAT has
// no sequence number: decoders that ignore the other chunks find a still image.
// Every frame but the first covers only the rectangle that differs from the
// frame before it, and is transparent where it does not. Integers are
// big-endian.
#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "gato/rollout/animation.h"

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
  // Depth of 8 bits, RGB and alpha, deflate compression, adaptive filters, no
  // interlacing.
  return png_chunk("IHDR", big_endian(width, 4) + big_endian(height, 4) +
                               std::string("\x08\x06\0\0\0", 5));
}

// A part of the canvas.
struct Rectangle {
  int left = 0, top = 0, width = 0, height = 0;
};

// Returns the smallest rectangle that contains all differences between two
// frames of the same size; one pixel if there are none.
Rectangle changed_rectangle(const data::Image& before, const data::Image& now) {
  int left = now.width, right = 0, top = now.height, bottom = 0;
  for (int y = 0; y < now.height; ++y) {
    const auto row = int64_t{3} * now.width * y;
    for (int x = 0; x < now.width; ++x) {
      const auto begin = now.pixels.begin() + row + int64_t{3} * x;
      if (!std::equal(begin, begin + 3,
                      before.pixels.begin() + row + int64_t{3} * x)) {
        left = std::min(left, x);
        right = std::max(right, x + 1);
        top = std::min(top, y);
        bottom = y + 1;
      }
    }
  }
  return right == 0 ? Rectangle{0, 0, 1, 1}
                    : Rectangle{left, top, right - left, bottom - top};
}

std::string deflate(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string deflated(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(deflated.data()), &size,
               reinterpret_cast<const Bytef*>(bytes.data()),
               bytes.size()) != Z_OK) {
    throw std::bad_alloc();
  }
  deflated.resize(size);
  return deflated;
}

// Returns the compressed pixels of a part of the frame, which are transparent
// where they equal those of `before`, if there is such a frame. Rows are stored
// as they are (filter type 0) or as their difference from the row above (type
// 2, "Up"), which is zero for most rows of an enlarged image: whichever is
// smaller.
std::string deflate_part(const data::Image& frame, const data::Image* before,
                         const Rectangle& part) {
  constexpr char kNoFilter = 0, kUpFilter = 2;
  std::string above(static_cast<size_t>(part.width) * 4, '\0'), plain, filtered;
  for (int y = 0; y < part.height; ++y) {
    std::string row;
    for (int x = 0; x < part.width; ++x) {
      const int64_t at =
          3 * (int64_t{frame.width} * (part.top + y) + part.left + x);
      const uint8_t* pixel = frame.pixels.data() + at;
      if (before != nullptr &&
          std::equal(pixel, pixel + 3, before->pixels.data() + at)) {
        row += std::string(4, '\0');
      } else {
        row.append(pixel, pixel + 3);
        row += '\xff';
      }
    }
    plain += kNoFilter;
    plain += row;
    filtered += kUpFilter;
    for (size_t i = 0; i < row.size(); ++i) {
      filtered += static_cast<char>(row[i] - above[i]);
    }
    above = std::move(row);
  }
  return std::ranges::min(deflate(plain), deflate(filtered), {},
                          &std::string::size);
}

// Returns the control chunk of a frame that is drawn over a part of the canvas.
std::string frame_control(uint32_t sequence, const Rectangle& part,
                          uint32_t delay_milliseconds) {
  return png_chunk(
      "fcTL", big_endian(sequence, 4) + big_endian(part.width, 4) +
                  big_endian(part.height, 4) + big_endian(part.left, 4) +
                  big_endian(part.top, 4) + big_endian(delay_milliseconds, 2) +
                  big_endian(1000, 2) + std::string(2, '\0'));
}

class AnimatedPng : public AnimationEncoder {
 public:
  explicit AnimatedPng(int frames_per_second)
      : frame_milliseconds_(1000 / frames_per_second) {}

  void add_frame(const data::Image& frame) override {
    assert(frame.height > 0 && frame.width > 0);
    if (frames_.empty()) {
      const Rectangle all{0, 0, frame.width, frame.height};
      frames_.push_back({all, deflate_part(frame, nullptr, all)});
    } else {
      const Rectangle part = changed_rectangle(last_, frame);
      frames_.push_back({part, deflate_part(frame, &last_, part)});
    }
    last_ = frame;
  }

  std::string finish() override {
    std::string file(kPngSignature);
    file += png_header(last_.height, last_.width);
    file +=
        png_chunk("acTL", big_endian(static_cast<uint32_t>(frames_.size()), 4) +
                              big_endian(0, 4));
    uint32_t sequence = 0;
    for (size_t i = 0; i < frames_.size(); ++i) {
      const auto& [part, deflated] = frames_[i];
      const bool is_last = i + 1 == frames_.size();
      file +=
          frame_control(sequence++, part, is_last ? 1000 : frame_milliseconds_);
      file += i == 0 ? png_chunk("IDAT", deflated)
                     : png_chunk("fdAT", big_endian(sequence++, 4) + deflated);
    }
    return file + png_chunk("IEND", "");
  }

 private:
  struct Frame {
    Rectangle part;
    std::string deflated;  // a zlib stream
  };

  const uint32_t frame_milliseconds_;
  data::Image last_;
  std::vector<Frame> frames_;
};

}  // namespace

std::unique_ptr<AnimationEncoder> make_png_animation(int frames_per_second) {
  return std::make_unique<AnimatedPng>(frames_per_second);
}

}  // namespace gato::rollout
