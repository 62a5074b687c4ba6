#include "gato/ingest/column.h"

#include <fmt/ranges.h>

#include <span>

#include "gato/base/error.h"
#include "gato/ingest/image_format.h"
#include "gato/ingest/jpeg_frame.h"

namespace gato {
namespace {

// Rows as elements of `field`'s shape, which a file may store flat or with
// extents of 1, as [T,1] for [T].
Array as_rows(Array array, const Field& field, const std::string& label) {
  if (field.role == Role::image && array.dtype != DType::uint8) {
    throw input_error("{}: an image must be uint8, this is {}", label,
                      name_of(array.dtype));
  }
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
      append_jpeg_frame(frames[i], field.shape, array.bytes);
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
         image_format(
             {array.data<uint8_t>(), static_cast<size_t>(array.shape[1])}) ==
             ImageFormat::jpeg;
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
  return as_rows(std::move(array), field, label);
}

Column read_rows(const hdf5::Dataset& dataset, const Field& field,
                 int64_t first, int64_t count) {
  return as_rows(dataset.read_array(first, count), field, dataset.label());
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

void append_last_row(Column& column, const Column& other) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    texts->push_back(std::get<std::vector<std::string>>(other).back());
    return;
  }
  auto& array = std::get<Array>(column);
  const auto& from = std::get<Array>(other);
  const Array row = from.row(from.shape[0] - 1);
  if (row.dtype == array.dtype) {
    array.bytes.insert(array.bytes.end(), row.bytes.begin(), row.bytes.end());
    ++array.shape[0];
    return;
  }
  const int64_t before = array.size();
  ++array.shape[0];
  array.bytes.resize(static_cast<size_t>(array.size()) * size_of(array.dtype));
  for (int64_t i = 0; i < row.size(); ++i) {
    array.set(before + i, row.as_double(i));
  }
}

std::vector<double> read_series(const hdf5::Dataset& dataset, int64_t first,
                                int64_t count) {
  const Array array = dataset.read_array(first, count);
  if (array.size() != count) {
    throw input_error("{}: the shape is [{}], not one number a row",
                      dataset.label(), fmt::join(dataset.shape(), ", "));
  }
  std::vector<double> series;
  series.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) series.push_back(array.as_double(i));
  return series;
}

std::vector<double> read_series(const hdf5::Group& group, const char* name,
                                int64_t steps) {
  if (!group.has(name)) return {};
  const hdf5::Dataset dataset = group.dataset(name);
  if (element_count(dataset.shape()) != steps) {
    throw input_error("{}: {} holds {} values for {} steps", group.label(),
                      name, element_count(dataset.shape()), steps);
  }
  return read_series(dataset, 0, dataset.rows());
}

std::vector<uint8_t> read_flags(const hdf5::Group& group, const char* name,
                                int64_t steps) {
  const std::vector<double> series = read_series(group, name, steps);
  std::vector<uint8_t> flags(static_cast<size_t>(steps), 0);
  for (size_t i = 0; i < series.size(); ++i) flags[i] = series[i] != 0;
  return flags;
}

}  // namespace gato
