#include "gato/tokenize/image.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "gato/base/error.h"

namespace gato {
namespace {

constexpr int side = 16;  // of a patch

// One frame: pixel (y, x), channel c is at y*row + x*column + c*channel.
struct Frame {
  const uint8_t* data;
  int64_t height, width, channels;
  int64_t row_stride, column_stride, channel_stride;
};

Frame frame_of(const Array& array) {
  const auto* data = array.data<uint8_t>();
  std::vector<int64_t> shape = array.shape;
  if (shape.size() == 4) {
    const int64_t frame = shape[1] * shape[2] * shape[3];
    data += (shape[0] - 1) * frame;
    shape.erase(shape.begin());
  }
  if (shape.size() == 2) {
    return {data, shape[0], shape[1], 1, shape[1], 1, 0};
  }
  const int64_t smallest = *std::min_element(shape.begin(), shape.end());
  if (shape[2] == smallest) {
    return {data,     shape[0], shape[1], shape[2], shape[1] * shape[2],
            shape[2], 1};
  }
  if (shape[0] == smallest) {
    return {data,     shape[1], shape[2],           shape[0],
            shape[2], 1,        shape[1] * shape[2]};
  }
  return {data, shape[0], shape[2], shape[1], shape[1] * shape[2], 1, shape[2]};
}

Frame checked_frame_of(const Array& array) {
  if (array.dtype != DType::uint8 || array.shape.size() < 2 ||
      array.shape.size() > 4 || array.size() == 0) {
    throw input_error("an image must be uint8 of rank 2 to 4, not {}{}",
                      name_of(array.dtype), nlohmann::json(array.shape).dump());
  }
  const Frame frame = frame_of(array);
  constexpr int64_t limit = std::numeric_limits<int16_t>::max() * side;
  if (frame.height > limit || frame.width > limit) {
    throw input_error("an image of {}x{} pixels is too large", frame.height,
                      frame.width);
  }
  return frame;
}

// Patch (row, column) of the image; what it lacks are zeros.
void copy_patch(const ImageView& image, int row, int column, Patch& patch) {
  const int height = std::min(side, image.height - row * side);
  const int width = std::min(side, image.width - column * side);
  if (height < side || width < side) patch = {};
  for (int y = 0; y < height; ++y) {
    const size_t first = (static_cast<size_t>(row * side + y) * image.width +
                          static_cast<size_t>(column) * side) *
                         3;
    std::copy_n(&image.pixels[first], width * 3, &patch[y * side * 3]);
  }
}

// Whether patch (row, column) of the image, which has all of it, is this one.
bool holds_patch(const ImageView& image, int row, int column,
                 const Patch& patch) {
  constexpr size_t words = side * 3 / sizeof(uint64_t);
  for (int y = 0; y < side; ++y) {
    const size_t first = (static_cast<size_t>(row * side + y) * image.width +
                          static_cast<size_t>(column) * side) *
                         3;
    std::array<uint64_t, words> here, there;
    std::memcpy(here.data(), &image.pixels[first], sizeof here);
    std::memcpy(there.data(), &patch[static_cast<size_t>(y) * side * 3],
                sizeof there);
    uint64_t difference = 0;
    for (size_t i = 0; i < words; ++i) difference |= here[i] ^ there[i];
    if (difference != 0) return false;
  }
  return true;
}

// As encode_image, of the frames of an episode: where little changes, most
// patches are those of the frame before, and are neither copied nor digested.
void encode_frame(const ImageView& image, int rows, int columns,
                  TokenizedDocument& document, PatchFinder& finder) {
  std::vector<int32_t>& numbers =
      finder.next_picture(static_cast<size_t>(rows) * columns);
  Patch patch;
  size_t place = 0;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column, ++place) {
      int32_t& number = numbers[place];
      const bool is_whole = (row + 1) * side <= image.height &&
                            (column + 1) * side <= image.width;
      const bool is_same =
          is_whole && number >= 0 &&
          holds_patch(image, row, column,
                      document.patches[static_cast<size_t>(number)]);
      if (!is_same) {
        copy_patch(image, row, column, patch);
        number = finder.number_of(patch, document);
      }
      document.tokens.push_back(-1 - number);
    }
  }
}

}  // namespace

std::string part_taken(const std::vector<int64_t>& shape) {
  if (shape.size() < 3 || shape.size() > 4) return "";
  std::string text;
  if (shape.size() == 4 && shape[0] > 1) {
    text = fmt::format("the last of {} frames", shape[0]);
  }
  const int64_t channels = *std::min_element(shape.end() - 3, shape.end());
  if (channels != 1 && channels != 3) {
    const bool colour = channels % 3 == 0;
    text +=
        fmt::format("{}the last of {} {} frames", text.empty() ? "" : ", ",
                    colour ? channels / 3 : channels, colour ? "RGB" : "grey");
  }
  return text;
}

std::optional<ImageView> view_of(const Array& array) {
  const Frame frame = checked_frame_of(array);
  if (frame.channels != 3 || frame.channel_stride != 1) return std::nullopt;
  return ImageView(static_cast<int>(frame.height),
                   static_cast<int>(frame.width), frame.data);
}

Image image_of(const Array& array) {
  const Frame frame = checked_frame_of(array);
  const bool colour = frame.channels % 3 == 0;
  const int64_t first = frame.channels - (colour ? 3 : 1);
  Image image{
      static_cast<int>(frame.height), static_cast<int>(frame.width), {}};
  const int64_t bytes = frame.height * frame.width * 3;
  if (frame.channels == 3 && frame.channel_stride == 1) {  // already so
    image.pixels.assign(frame.data, frame.data + bytes);
    return image;
  }
  image.pixels.resize(static_cast<size_t>(bytes));
  uint8_t* out = image.pixels.data();
  for (int64_t y = 0; y < frame.height; ++y) {
    for (int64_t x = 0; x < frame.width; ++x) {
      const uint8_t* pixel = frame.data + y * frame.row_stride +
                             x * frame.column_stride +
                             first * frame.channel_stride;
      for (int c = 0; c < 3; ++c) {
        *out++ = pixel[colour ? c * frame.channel_stride : 0];
      }
    }
  }
  return image;
}

Image resize_by_area(Image image, const Resize& resize) {
  if (resize.height == 0 ||
      (resize.height == image.height && resize.width == image.width)) {
    return image;
  }
  Image result{resize.height, resize.width, {}};
  result.pixels.resize(static_cast<size_t>(resize.height) * resize.width * 3);
  const cv::Mat source(image.height, image.width, CV_8UC3, image.pixels.data());
  cv::Mat target(resize.height, resize.width, CV_8UC3, result.pixels.data());
  cv::resize(source, target, target.size(), 0, 0, cv::INTER_AREA);
  return result;
}

int32_t PatchFinder::number_of(const Patch& patch,
                               TokenizedDocument& document) {
  const auto next = static_cast<int32_t>(document.patches.size());
  const auto [entry, is_new] =
      numbers_.try_emplace(XXH3_64bits(patch.data(), patch.size()), next);
  if (!is_new &&
      document.patches[static_cast<size_t>(entry->second)] == patch) {
    return entry->second;
  }
  document.patches.push_back(patch);
  return next;
}

std::vector<int32_t>& PatchFinder::next_picture(size_t count) {
  if (place_ == pictures_.size()) pictures_.emplace_back();
  std::vector<int32_t>& numbers = pictures_[place_++];
  if (numbers.size() != count) numbers.assign(count, -1);
  return numbers;
}

void encode_image(const ImageView& image, TokenizedDocument& document,
                  PatchFinder* finder) {
  const int rows = (image.height + side - 1) / side;
  const int columns = (image.width + side - 1) / side;
  if (rows < 1 || columns < 1 ||
      std::max(rows, columns) > std::numeric_limits<int16_t>::max()) {
    throw input_error("an image of {}x{} pixels cannot be cut into patches",
                      image.height, image.width);
  }
  document.images.push_back({static_cast<int64_t>(document.tokens.size()),
                             static_cast<int16_t>(rows),
                             static_cast<int16_t>(columns)});
  const auto count = static_cast<size_t>(rows) * static_cast<size_t>(columns);
  document.modality.resize(document.tokens.size() + count, Modality::patch);
  if (finder != nullptr) {
    return encode_frame(image, rows, columns, document, *finder);
  }
  document.patches.reserve(document.patches.size() + count);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      copy_patch(image, row, column, document.patches.emplace_back());
      document.tokens.push_back(-static_cast<int32_t>(document.patches.size()));
    }
  }
}

}  // namespace gato
