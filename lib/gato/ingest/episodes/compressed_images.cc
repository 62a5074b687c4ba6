// Bytes that are not numbers can only be images. Rows of numbers of type uint8,
// and texts, are images if one of the first few rows can be decoded as such, or
// if all of them begin like image files, which are then corrupt. Formats that
// cannot be decoded, and base64, are refused.
#include "gato/ingest/episodes/compressed_images.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/images/frame_decoder.h"
#include "gato/ingest/images/image_format.h"
#include "gato/ingest/images/pnm_decoder.h"

namespace gato::ingest {
namespace {

constexpr int64_t kMaxInspectedRows = 16;

bool has_byte_rows(const data::hdf5::Dataset& dataset) {
  const auto dtype = dataset.dtype();
  if (dtype != data::DType::uint8 && dtype != data::DType::int8) {
    return false;
  }
  // At most one extent of a row may be larger than 1.
  const std::vector<int64_t>& shape = dataset.shape();
  return shape.size() >= 2 &&
         std::count_if(shape.begin() + 1, shape.end(),
                       [](int64_t extent) { return extent != 1; }) <= 1;
}

// A PNM file must be complete: ordinary numbers can look like the start of one.
// Formats that cannot be decoded count, so that they are not mistaken for
// numbers.
bool begins_like_image(std::span<const uint8_t> bytes) {
  const auto format = detect_image_format(bytes);
  return format && (*format != ImageFormat::pnm || is_complete_pnm(bytes));
}

[[noreturn]] void throw_decoding_error(const std::string& label, int64_t row,
                                       const std::string& reason) {
  throw base::input_error(
      "{}: row {}: the compressed image cannot be read: {}: write this frame "
      "again, or skip its episode with --skip-bad",
      label, row, reason);
}

// Returns how rows of numbers can be read although they look like images; empty
// if the dataset contains anything else.
std::string number_advice(const data::hdf5::Dataset& dataset,
                          const std::string& name) {
  return dataset.dtype()
             ? fmt::format("; --role {}=discrete reads the bytes as numbers",
                           name)
             : "";
}

// Throws Error(bad_input) if a row is an image in base64 or in a format that
// cannot be decoded.
void reject_unreadable_image(const data::hdf5::Dataset& dataset,
                             const std::string& name, int64_t row,
                             std::span<const uint8_t> bytes) {
  const auto format = detect_image_format(bytes);
  if (format && !is_decodable(*format)) {
    throw base::input_error(
        "{}: row {}: a compressed image in {}: convert it to PNG or JPEG{}",
        dataset.label(), row, image_format_name(*format),
        number_advice(dataset, name));
  }
  const auto encoded = detect_base64_image_format(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (encoded) {
    throw base::input_error(
        "{}: row {}: a compressed image ({}) in base64: decode it, and store "
        "each file, JPEG or PNG, as a sequence of uint8 "
        "(h5py.vlen_dtype(numpy.uint8)){}",
        dataset.label(), row, image_format_name(*encoded),
        dataset.is_text()
            ? fmt::format("; --role {}=text reads it as words", name)
            : number_advice(dataset, name));
  }
}

// Texts of variable length end at their first zero, and so do images in them.
void reject_images_as_variable_length_texts(const data::hdf5::Dataset& dataset,
                                            const std::string& name) {
  if (data::element_count(dataset.shape()) == 0) {
    return;
  }
  const int64_t rows = std::min(dataset.row_count(), kMaxInspectedRows);
  const std::vector<std::string> texts = dataset.read_texts(0, rows);
  for (int64_t i = 0; i < std::ssize(texts); ++i) {
    const std::string& text = texts[static_cast<size_t>(i)];
    const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()),
                          text.size());
    const auto format = detect_image_format(bytes);
    if (format && is_decodable(*format) && begins_like_image(bytes)) {
      throw base::input_error(
          "{}: compressed images as strings of variable length, which end at "
          "their first zero byte: store each as a sequence of uint8 "
          "(h5py.vlen_dtype(numpy.uint8))",
          dataset.label());
    }
    reject_unreadable_image(dataset, name, i, bytes);
  }
}

data::Field image_field(const std::string& name, const data::Image& image) {
  data::Field field;
  field.name = name;
  field.role = data::Role::image;
  field.dtype = data::DType::uint8;
  field.shape = {image.height, image.width, 3};
  return field;
}

std::vector<uint8_t> read_first_image(const data::hdf5::Dataset& dataset,
                                      int64_t first) {
  return std::move(read_compressed_images(dataset, first, 1).frames.front());
}

}  // namespace

std::optional<data::Field> infer_compressed_image_field(
    const data::hdf5::Dataset& dataset, const std::string& name) {
  if (dataset.is_text() && !dataset.is_fixed_length_text()) {
    reject_images_as_variable_length_texts(dataset, name);
    return std::nullopt;
  }
  const bool are_bytes = dataset.has_byte_sequences();
  const bool may_be_images = are_bytes || has_byte_rows(dataset) ||
                             (dataset.is_text() && dataset.shape().size() == 1);
  const int64_t rows = std::min(dataset.row_count(), kMaxInspectedRows);
  if (!may_be_images || dataset.shape().empty() || rows == 0) {
    if (!are_bytes) {
      return std::nullopt;
    }
    throw base::input_error(
        "{}: sequences of bytes, but not one per step, as compressed images "
        "would be",
        dataset.label());
  }
  const CompressedImages images = read_compressed_images(dataset, 0, rows);
  const bool all_begin_like_images =
      std::ranges::all_of(images.frames, begins_like_image);
  std::optional<std::pair<int64_t, std::string>> first_error;  // and its row
  for (int64_t i = 0; i < rows; ++i) {
    const std::vector<uint8_t>& frame = images.frames[static_cast<size_t>(i)];
    if (!are_bytes && !begins_like_image(frame)) {
      continue;
    }
    try {
      return image_field(name, decode_frame(frame));
    } catch (const base::Error& error) {
      if (!first_error) {
        first_error.emplace(i, error.what());
      }
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    reject_unreadable_image(dataset, name, i,
                            images.frames[static_cast<size_t>(i)]);
  }
  if (!are_bytes && !all_begin_like_images) {
    return std::nullopt;
  }
  throw base::input_error(
      "{}: row {}: the compressed images cannot be read: {}: store JPEG, PNG "
      "or WebP files, or pixels as uint8 [T,H,W,3]{}",
      dataset.label(), first_error->first, first_error->second,
      number_advice(dataset, name));
}

bool has_compressed_images(const data::hdf5::Dataset& dataset,
                           const data::Field& field, int64_t first) {
  if (dataset.has_byte_sequences()) {
    return true;
  }
  if (dataset.is_fixed_length_text()) {
    return field.role == data::Role::image ||
           begins_like_image(read_first_image(dataset, first));
  }
  if (!has_byte_rows(dataset)) {
    return false;
  }
  const int64_t row_elements =
      data::element_count(dataset.shape()) / dataset.row_count();
  const int64_t field_elements = data::element_count(field.shape);
  if (field.role != data::Role::image && row_elements == field_elements) {
    return false;
  }
  const std::vector<uint8_t> bytes = read_first_image(dataset, first);
  if (!begins_like_image(bytes)) {
    if (row_elements == field_elements || field.role != data::Role::image) {
      return false;
    }
    throw base::input_error(
        "{}: row {}: neither a compressed image (JPEG, PNG, WebP or PNM) nor "
        "an array of shape [{}]: write this frame again, or skip its episode "
        "with --skip-bad",
        dataset.label(), first, fmt::join(field.shape, ", "));
  }
  if (row_elements != field_elements) {
    return true;
  }
  // Raw pixels may happen to begin like an image file.
  try {
    decode_frame(bytes);
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

CompressedImages read_compressed_images(const data::hdf5::Dataset& dataset,
                                        int64_t first, int64_t count) {
  CompressedImages images{dataset.label(), first, {}};
  if (!dataset.dtype()) {
    if (data::element_count(dataset.shape()) != dataset.row_count()) {
      throw base::input_error(
          "{}: compressed images of shape [{}] per step: store one per step, "
          "and each camera under its own key",
          dataset.label(),
          fmt::join(dataset.shape().begin() + 1, dataset.shape().end(), ", "));
    }
    images.frames = dataset.read_byte_sequences(first, count);
    return images;
  }
  const data::Array array = dataset.read_array(first, count);
  const auto row_bytes =
      static_cast<size_t>(count == 0 ? 0 : array.size() / count);
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* row =
        array.data<uint8_t>() + static_cast<size_t>(i) * row_bytes;
    images.frames.emplace_back(row, row + row_bytes);
  }
  return images;
}

void append_decoded_images(const CompressedImages& images,
                           const data::Field& field, base::Bytes& pixels) {
  const auto frame_bytes =
      static_cast<size_t>(data::element_count(field.shape));
  for (int64_t i = 0; i < std::ssize(images.frames); ++i) {
    const size_t before = pixels.size();
    pixels.resize(before + frame_bytes);
    try {
      decode_frame(images.frames[static_cast<size_t>(i)], field.shape,
                   reinterpret_cast<uint8_t*>(&pixels[before]));
    } catch (const base::Error& error) {
      throw_decoding_error(images.label, images.first_row + i, error.what());
    }
  }
}

}  // namespace gato::ingest
