#include "gato/ingest/minari_column.h"

#include <fmt/ranges.h>

#include <span>

#include "gato/base/error.h"
#include "gato/ingest/jpeg.h"

namespace gato {
namespace {

// Rows as elements of `field`'s shape, which a file may store flat or with
// extents of 1, as [T,1] for [T].
Array as_rows(Array array, const Field& field, const std::string& label) {
  const int64_t rows = array.shape.empty() ? 0 : array.shape[0];
  std::vector<int64_t> shape{rows};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  if (array.shape.empty() || element_count(shape) != array.size()) {
    throw input_error("{}: the shape is [{}], the space says [{}] a step",
                      label, fmt::join(array.shape, ", "),
                      fmt::join(field.shape, ", "));
  }
  array.shape = std::move(shape);
  return array;
}

template <class Frames>
Array decode_frames(const Frames& frames, const Field& field,
                    const std::string& label) {
  Array array;
  array.dtype = DType::uint8;
  array.shape = field.shape;
  array.shape.insert(array.shape.begin(), static_cast<int64_t>(frames.size()));
  for (size_t i = 0; i < frames.size(); ++i) {
    try {
      decode_jpeg(frames[i], field.shape, array.bytes);
    } catch (const Error& error) {
      throw input_error("{}: row {}: {}", label, i, error.what());
    }
  }
  return array;
}

// uint8 [T,L] that holds JPEG frames, although the space has another shape.
bool holds_frames(const Array& array, const Field& field) {
  return array.dtype == DType::uint8 && array.shape.size() == 2 &&
         array.shape[0] > 0 &&
         !(field.shape.size() == 1 && field.shape[0] == array.shape[1]) &&
         starts_as_jpeg(
             {array.data<uint8_t>(), static_cast<size_t>(array.shape[1])});
}

}  // namespace

Column read_column(const hdf5::Dataset& dataset, const Field& field) {
  const std::string& label = dataset.label();
  if (field.role == Role::text) return dataset.read_texts();
  if (dataset.is_byte_sequences()) {
    return decode_frames(dataset.read_byte_sequences(), field, label);
  }
  Array array = dataset.read_array();
  if (holds_frames(array, field)) {
    const auto length = static_cast<size_t>(array.shape[1]);
    std::vector<std::span<const uint8_t>> frames;
    for (int64_t i = 0; i < array.shape[0]; ++i) {
      frames.emplace_back(array.data<uint8_t>() + i * array.shape[1], length);
    }
    return decode_frames(frames, field, label);
  }
  if (field.role == Role::image && array.dtype != DType::uint8) {
    throw input_error("{}: an image must be uint8, this is {}", label,
                      name_of(array.dtype));
  }
  return as_rows(std::move(array), field, label);
}

int64_t rows_of(const Column& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return static_cast<int64_t>(texts->size());
  }
  return std::get<Array>(column).shape.at(0);
}

void keep_rows(Column& column, int64_t rows) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    texts->resize(static_cast<size_t>(rows));
    return;
  }
  auto& array = std::get<Array>(column);
  array.shape[0] = rows;
  array.bytes.resize(static_cast<size_t>(array.size()) * size_of(array.dtype));
}

}  // namespace gato
