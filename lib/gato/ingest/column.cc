#include "gato/ingest/column.h"

#include <fmt/ranges.h>

#include <memory>
#include <span>
#include <utility>

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

// Whether the array of that shape is no numbers of `field`, but JPEG frames of
// one length each, [T,L]; what they begin with is still to be looked at.
bool may_hold_frames(const hdf5::Dataset& dataset, const Field& field) {
  const std::vector<int64_t>& shape = dataset.shape();
  return dataset.dtype() == DType::uint8 && shape.size() == 2 && shape[0] > 0 &&
         !(field.shape.size() == 1 && field.shape[0] == shape[1]);
}

// A column, and what its array is still to be filled by; nothing where it has
// its elements.
using Unfilled = std::pair<Column, DeferredReads::Fill>;

// `frame(i)` is the bytes of frame i, for as long as it lives.
template <class Frame>
Unfilled decode_later(int64_t count, const Frame& frame, const Field& field,
                      const std::string& label) {
  check_frame_shape(field.shape);
  Array array;
  array.dtype = DType::uint8;
  array.shape = field.shape;
  array.shape.insert(array.shape.begin(), count);
  check_shape(array.shape);
  const auto fill = [=, shape = field.shape](Array& pixels) {
    const int64_t frame_bytes = element_count(shape);
    for (int64_t i = 0; i < count; ++i) {
      pixels.bytes.resize(static_cast<size_t>((i + 1) * frame_bytes));
      try {
        decode_jpeg_frame(frame(i), shape,
                          pixels.data<uint8_t>() + i * frame_bytes);
      } catch (const Error& error) {
        throw input_error("{}: row {}: {}", label, i, error.what());
      }
    }
  };
  return {std::move(array), fill};
}

Unfilled read_numbers(const hdf5::Dataset& dataset, const Field& field,
                      const std::shared_ptr<const FileReader>& file) {
  auto found = hdf5::Elements::of(dataset, file);
  if (!found) {
    return {as_rows(dataset.read_array(), field, dataset.label()), nullptr};
  }
  Array array;
  array.dtype = *dataset.dtype();
  array.shape = dataset.shape();
  const auto elements =
      std::make_shared<const hdf5::Elements>(*std::move(found));
  return {as_rows(std::move(array), field, dataset.label()),
          [elements](Array& numbers) {
            numbers.bytes.resize(static_cast<size_t>(numbers.size()) *
                                 size_of(numbers.dtype));
            elements->read(numbers.bytes.data());
          }};
}

Unfilled read_column(const hdf5::Dataset& dataset, const Field& field,
                     const std::shared_ptr<const FileReader>& file) {
  const std::string& label = dataset.label();
  if (field.role == Role::text) return {dataset.read_texts(), nullptr};
  if (dataset.is_byte_sequences()) {
    using Frames = std::vector<std::vector<uint8_t>>;
    const auto frames =
        std::make_shared<const Frames>(dataset.read_byte_sequences());
    const auto frame = [frames](int64_t i) {
      return std::span((*frames)[static_cast<size_t>(i)]);
    };
    return decode_later(std::ssize(*frames), frame, field, label);
  }
  if (!may_hold_frames(dataset, field)) {
    return read_numbers(dataset, field, file);
  }
  const auto array = std::make_shared<const Array>(dataset.read_array());
  const auto frame = [array](int64_t i) {
    const int64_t length = array->shape[1];
    return std::span(array->data<uint8_t>() + i * length,
                     static_cast<size_t>(length));
  };
  if (image_format(frame(0)) != ImageFormat::jpeg) {
    return {as_rows(*array, field, label), nullptr};
  }
  return decode_later(array->shape[0], frame, field, label);
}

}  // namespace

void append_column(const hdf5::Dataset& dataset, const Field& field,
                   const std::shared_ptr<const FileReader>& file,
                   Episode& episode, DeferredReads::Columns columns,
                   DeferredReads& later) {
  auto [column, fill] = read_column(dataset, field, file);
  (episode.*columns).push_back(std::move(column));
  if (fill) {
    later.add(columns, (episode.*columns).size() - 1, std::move(fill));
  }
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
