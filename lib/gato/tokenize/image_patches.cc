#include "gato/tokenize/image_patches.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "gato/base/error.h"

// An image is split into patches in raster order. Token data::patch_token(i)
// refers to document.patches[i]. Within an episode a PatchDeduplicator finds
// equal patches in two ways: by comparison with the patch at the same position
// in the previous time step, which is the common case, and by a hash of the
// pixels.

namespace gato::tokenize {
namespace {

constexpr int kPatchSide = 16;  // pixels

// A frame within an array. Channel c of pixel (y, x) is at
// data[y*row_stride + x*column_stride + c*channel_stride].
struct Frame {
  const uint8_t* data;
  int64_t height, width, channels;
  int64_t row_stride, column_stride, channel_stride;
};

// Returns the last frame of the array; all channels of rank 3 are one frame.
Frame select_frame(const data::Array& array) {
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

Frame checked_frame(const data::Array& array) {
  if (array.dtype != data::DType::uint8 || array.shape.size() < 2 ||
      array.shape.size() > 4 || array.size() == 0) {
    throw base::input_error("an image must be uint8 of rank 2 to 4, not {}{}",
                            data::dtype_name(array.dtype),
                            nlohmann::json(array.shape).dump());
  }
  const Frame frame = select_frame(array);
  constexpr int64_t kMaxSide = std::numeric_limits<int16_t>::max() * kPatchSide;
  if (frame.height > kMaxSide || frame.width > kMaxSide) {
    throw base::input_error("an image of {}x{} pixels is too large",
                            frame.height, frame.width);
  }
  return frame;
}

// Returns the pixels of row y of patch (row, column) of the image.
const uint8_t* patch_row(const ImageView& image, int row, int column, int y) {
  const size_t first_pixel =
      static_cast<size_t>(row * kPatchSide + y) * image.width +
      static_cast<size_t>(column) * kPatchSide;
  return &image.pixels[first_pixel * 3];
}

// Copies patch (row, column) of the image and pads it with zeros.
void copy_patch(const ImageView& image, int row, int column,
                data::Patch& patch) {
  const int height = std::min(kPatchSide, image.height - row * kPatchSide);
  const int width = std::min(kPatchSide, image.width - column * kPatchSide);
  if (height < kPatchSide || width < kPatchSide) {
    patch = {};
  }
  for (int y = 0; y < height; ++y) {
    std::copy_n(patch_row(image, row, column, y), width * 3,
                &patch[y * kPatchSide * 3]);
  }
}

// Returns whether patch (row, column) of the image, which must not need
// padding, equals `patch`. Compares 48-byte rows as six words each.
bool patch_equals(const ImageView& image, int row, int column,
                  const data::Patch& patch) {
  constexpr size_t kWords = kPatchSide * 3 / sizeof(uint64_t);
  for (int y = 0; y < kPatchSide; ++y) {
    std::array<uint64_t, kWords> here, there;
    std::memcpy(here.data(), patch_row(image, row, column, y), sizeof here);
    std::memcpy(there.data(), &patch[static_cast<size_t>(y) * kPatchSide * 3],
                sizeof there);
    uint64_t difference = 0;
    for (size_t i = 0; i < kWords; ++i) {
      difference |= here[i] ^ there[i];
    }
    if (difference != 0) {
      return false;
    }
  }
  return true;
}

// Appends the patch tokens of a frame of an episode. Frames change little, so
// most patches equal those of the previous frame; these are neither copied nor
// hashed.
void encode_deduplicated(const ImageView& image, int rows, int columns,
                         data::TokenizedDocument& document,
                         PatchDeduplicator& deduplicator) {
  std::vector<int32_t>& patch_indices =
      deduplicator.next_image_patches(static_cast<size_t>(rows) * columns);
  data::Patch patch;
  size_t raster_index = 0;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column, ++raster_index) {
      int32_t& patch_index = patch_indices[raster_index];
      const bool is_inside = (row + 1) * kPatchSide <= image.height &&
                             (column + 1) * kPatchSide <= image.width;
      const bool is_same =
          is_inside && patch_index >= 0 &&
          patch_equals(image, row, column,
                       document.patches[static_cast<size_t>(patch_index)]);
      if (!is_same) {
        copy_patch(image, row, column, patch);
        patch_index = deduplicator.find_or_append(patch, document);
      }
      document.tokens.push_back(data::patch_token(patch_index));
    }
  }
}

}  // namespace

std::string describe_selected_frame(const std::vector<int64_t>& shape) {
  if (shape.size() < 3 || shape.size() > 4) {
    return "";
  }
  std::string text;
  if (shape.size() == 4 && shape[0] > 1) {
    text = fmt::format("the last of {} frames", shape[0]);
  }
  const int64_t channels = *std::min_element(shape.end() - 3, shape.end());
  if (channels != 1 && channels != 3) {
    const bool is_rgb = channels % 3 == 0;
    text +=
        fmt::format("{}the last of {} {} frames", text.empty() ? "" : ", ",
                    is_rgb ? channels / 3 : channels, is_rgb ? "RGB" : "gray");
  }
  return text;
}

std::optional<ImageView> as_image_view(const data::Array& array) {
  const Frame frame = checked_frame(array);
  if (frame.channels != 3 || frame.channel_stride != 1) {
    return std::nullopt;
  }
  return ImageView(static_cast<int>(frame.height),
                   static_cast<int>(frame.width), frame.data);
}

data::Image to_image(const data::Array& array) {
  const Frame frame = checked_frame(array);
  const bool is_rgb = frame.channels % 3 == 0;
  const int64_t first = frame.channels - (is_rgb ? 3 : 1);
  data::Image image{
      static_cast<int>(frame.height), static_cast<int>(frame.width), {}};
  const int64_t bytes = frame.height * frame.width * 3;
  if (frame.channels == 3 && frame.channel_stride == 1) {  // is RGB already
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
        *out++ = pixel[is_rgb ? c * frame.channel_stride : 0];
      }
    }
  }
  return image;
}

data::Image resize_by_area(data::Image image, const Resize& resize) {
  if (resize.height == 0 ||
      (resize.height == image.height && resize.width == image.width)) {
    return image;
  }
  data::Image result{resize.height, resize.width, {}};
  result.pixels.resize(static_cast<size_t>(resize.height) * resize.width * 3);
  const cv::Mat source(image.height, image.width, CV_8UC3, image.pixels.data());
  cv::Mat target(resize.height, resize.width, CV_8UC3, result.pixels.data());
  cv::resize(source, target, target.size(), 0, 0, cv::INTER_AREA);
  return result;
}

int32_t PatchDeduplicator::find_or_append(const data::Patch& patch,
                                          data::TokenizedDocument& document) {
  const auto next = static_cast<int32_t>(document.patches.size());
  const auto [entry, is_new] = index_by_digest_.try_emplace(
      XXH3_64bits(patch.data(), patch.size()), next);
  if (!is_new &&
      document.patches[static_cast<size_t>(entry->second)] == patch) {
    return entry->second;
  }
  document.patches.push_back(patch);
  return next;
}

std::vector<int32_t>& PatchDeduplicator::next_image_patches(size_t count) {
  if (image_index_ == image_patches_.size()) {
    image_patches_.emplace_back();
  }
  std::vector<int32_t>& patch_indices = image_patches_[image_index_++];
  if (patch_indices.size() != count) {
    patch_indices.assign(count, -1);
  }
  return patch_indices;
}

void encode_image(const ImageView& image, data::TokenizedDocument& document,
                  PatchDeduplicator* deduplicator) {
  const int rows = (image.height + kPatchSide - 1) / kPatchSide;
  const int columns = (image.width + kPatchSide - 1) / kPatchSide;
  if (rows < 1 || columns < 1 ||
      std::max(rows, columns) > std::numeric_limits<int16_t>::max()) {
    throw base::input_error(
        "an image of {}x{} pixels cannot be split into patches", image.height,
        image.width);
  }
  document.images.push_back({static_cast<int64_t>(document.tokens.size()),
                             static_cast<int16_t>(rows),
                             static_cast<int16_t>(columns)});
  const auto count = static_cast<size_t>(rows) * static_cast<size_t>(columns);
  document.modality.resize(document.tokens.size() + count,
                           data::Modality::patch);
  if (deduplicator != nullptr) {
    encode_deduplicated(image, rows, columns, document, *deduplicator);
    return;
  }
  document.patches.reserve(document.patches.size() + count);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      copy_patch(image, row, column, document.patches.emplace_back());
      document.tokens.push_back(
          data::patch_token(std::ssize(document.patches) - 1));
    }
  }
}

}  // namespace gato::tokenize
