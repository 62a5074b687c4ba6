// Calls of the HDF5 library are serialized, and most of the time goes into
// decompressing chunks and decoding JPEG. A column's type and shape are
// therefore read immediately, but its elements, if possible, by a
// DeferredReads::Fill that does not use the library, so that any thread can run
// it.
#include "gato/ingest/episodes/hdf5_columns.h"

#include <fmt/ranges.h>

#include <memory>
#include <span>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/images/image_format.h"
#include "gato/ingest/images/jpeg_decoder.h"

namespace gato::ingest {
namespace {

// Reshapes rows to `field`'s shape, which a file may store flat or with extra
// extents of 1, such as [T,1] for [T].
data::Array reshape_rows(data::Array array, const data::Field& field,
                         const std::string& label) {
  if (field.role == data::Role::image && array.dtype != data::DType::uint8) {
    throw base::input_error("{}: an image must be uint8, this is {}", label,
                            data::dtype_name(array.dtype));
  }
  const int64_t rows = array.shape.empty() ? 0 : array.shape[0];
  std::vector<int64_t> shape{rows};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  if (array.shape.empty() || data::element_count(shape) != array.size()) {
    throw base::input_error(
        "{}: the shape is [{}], but the space is [{}] per step", label,
        fmt::join(array.shape, ", "), fmt::join(field.shape, ", "));
  }
  array.shape = std::move(shape);
  return array;
}

// Returns whether the dataset could be JPEG frames of the same length, [T,L],
// because its shape does not fit numbers of `field`. The magic bytes must still
// be checked.
bool may_be_jpeg_frames(const data::hdf5::Dataset& dataset,
                        const data::Field& field) {
  const std::vector<int64_t>& shape = dataset.shape();
  return dataset.dtype() == data::DType::uint8 && shape.size() == 2 &&
         shape[0] > 0 &&
         !(field.shape.size() == 1 && field.shape[0] == shape[1]);
}

// A column, and how its elements are read later; null if they are there.
using PendingColumn = std::pair<data::FieldColumn, DeferredReads::Fill>;

// `frame(i)` returns the bytes of frame i and owns them.
template <class Frame>
PendingColumn defer_decoding(int64_t count, const Frame& frame,
                             const data::Field& field,
                             const std::string& label) {
  check_jpeg_frame_shape(field.shape);
  data::Array array;
  array.dtype = data::DType::uint8;
  array.shape = field.shape;
  array.shape.insert(array.shape.begin(), count);
  data::check_shape(array.shape);
  const auto fill = [=, shape = field.shape](data::Array& pixels) {
    const int64_t frame_bytes = data::element_count(shape);
    for (int64_t i = 0; i < count; ++i) {
      pixels.bytes.resize(static_cast<size_t>((i + 1) * frame_bytes));
      try {
        decode_jpeg_frame(frame(i), shape,
                          pixels.data<uint8_t>() + i * frame_bytes);
      } catch (const base::Error& error) {
        throw base::input_error("{}: row {}: {}", label, i, error.what());
      }
    }
  };
  return {std::move(array), fill};
}

PendingColumn read_numbers(
    const data::hdf5::Dataset& dataset, const data::Field& field,
    const std::shared_ptr<const base::FileReader>& file) {
  auto found = data::hdf5::ChunkedDataset::open(dataset, file);
  if (!found) {
    return {reshape_rows(dataset.read_array(), field, dataset.label()),
            nullptr};
  }
  data::Array array;
  array.dtype = *dataset.dtype();
  array.shape = dataset.shape();
  const auto chunks =
      std::make_shared<const data::hdf5::ChunkedDataset>(*std::move(found));
  return {reshape_rows(std::move(array), field, dataset.label()),
          [chunks](data::Array& numbers) {
            numbers.bytes.resize(static_cast<size_t>(numbers.size()) *
                                 data::item_size(numbers.dtype));
            chunks->read(numbers.bytes.data());
          }};
}

PendingColumn read_column(const data::hdf5::Dataset& dataset,
                          const data::Field& field,
                          const std::shared_ptr<const base::FileReader>& file) {
  const std::string& label = dataset.label();
  if (field.role == data::Role::text) return {dataset.read_texts(), nullptr};
  if (dataset.has_byte_sequences()) {
    using Frames = std::vector<std::vector<uint8_t>>;
    const auto frames =
        std::make_shared<const Frames>(dataset.read_byte_sequences());
    const auto frame = [frames](int64_t i) {
      return std::span((*frames)[static_cast<size_t>(i)]);
    };
    return defer_decoding(std::ssize(*frames), frame, field, label);
  }
  if (!may_be_jpeg_frames(dataset, field)) {
    return read_numbers(dataset, field, file);
  }
  const auto array = std::make_shared<const data::Array>(dataset.read_array());
  const auto frame = [array](int64_t i) {
    const int64_t length = array->shape[1];
    return std::span(array->data<uint8_t>() + i * length,
                     static_cast<size_t>(length));
  };
  if (detect_image_format(frame(0)) != ImageFormat::jpeg) {
    return {reshape_rows(*array, field, label), nullptr};
  }
  return defer_decoding(array->shape[0], frame, field, label);
}

}  // namespace

void append_column(const data::hdf5::Dataset& dataset, const data::Field& field,
                   const std::shared_ptr<const base::FileReader>& file,
                   data::Episode& episode, DeferredReads::ColumnsMember columns,
                   DeferredReads& deferred) {
  auto [column, fill] = read_column(dataset, field, file);
  (episode.*columns).push_back(std::move(column));
  if (fill) {
    deferred.add(columns, (episode.*columns).size() - 1, std::move(fill));
  }
}

data::FieldColumn read_rows(const data::hdf5::Dataset& dataset,
                            const data::Field& field, int64_t first,
                            int64_t count) {
  return reshape_rows(dataset.read_array(first, count), field, dataset.label());
}

int64_t row_count(const data::FieldColumn& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return static_cast<int64_t>(texts->size());
  }
  return std::get<data::Array>(column).shape.at(0);
}

void require_row_count(int64_t rows, int64_t steps, FinalRow final_row,
                       const std::string& label, const std::string& name) {
  if (rows == steps) return;
  if (final_row == FinalRow::allowed && rows == steps + 1) return;
  throw base::input_error("{}: {} has {} rows for {} steps", label, name, rows,
                          steps);
}

void require_step_attribute(const data::hdf5::Group& group, const char* name,
                            int64_t steps) {
  const int64_t expected = group.integer_attribute(name).value_or(steps);
  if (expected == steps) return;
  throw base::input_error("{}: {} actions, but {} is {}", group.label(), steps,
                          name, expected);
}

void truncate_rows(data::FieldColumn& column, int64_t rows) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    texts->resize(static_cast<size_t>(rows));
    return;
  }
  auto& array = std::get<data::Array>(column);
  array.shape[0] = rows;
  array.bytes.resize(static_cast<size_t>(array.size()) *
                     data::item_size(array.dtype));
}

void append_last_row(data::FieldColumn& column,
                     const data::FieldColumn& other) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    texts->push_back(std::get<std::vector<std::string>>(other).back());
    return;
  }
  auto& array = std::get<data::Array>(column);
  const auto& from = std::get<data::Array>(other);
  const data::Array row = from.row(from.shape[0] - 1);
  if (row.dtype == array.dtype) {
    array.bytes.insert(array.bytes.end(), row.bytes.begin(), row.bytes.end());
    ++array.shape[0];
    return;
  }
  const int64_t before = array.size();
  ++array.shape[0];
  array.bytes.resize(static_cast<size_t>(array.size()) *
                     data::item_size(array.dtype));
  for (int64_t i = 0; i < row.size(); ++i) {
    array.set(before + i, row.as_double(i));
  }
}

std::vector<double> read_scalars(const data::hdf5::Dataset& dataset,
                                 int64_t first, int64_t count) {
  const data::Array array = dataset.read_array(first, count);
  if (array.size() != count) {
    throw base::input_error("{}: the shape is [{}], not one number per row",
                            dataset.label(), fmt::join(dataset.shape(), ", "));
  }
  std::vector<double> scalars;
  scalars.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) scalars.push_back(array.as_double(i));
  return scalars;
}

std::vector<double> read_scalars(const data::hdf5::Group& group,
                                 const char* name, int64_t steps) {
  if (!group.has(name)) return {};
  const data::hdf5::Dataset dataset = group.dataset(name);
  if (data::element_count(dataset.shape()) != steps) {
    throw base::input_error("{}: {} has {} values for {} steps", group.label(),
                            name, data::element_count(dataset.shape()), steps);
  }
  return read_scalars(dataset, 0, dataset.row_count());
}

std::vector<uint8_t> read_flags(const data::hdf5::Group& group,
                                const char* name, int64_t steps) {
  const std::vector<double> scalars = read_scalars(group, name, steps);
  std::vector<uint8_t> flags(static_cast<size_t>(steps), 0);
  for (size_t i = 0; i < scalars.size(); ++i) flags[i] = scalars[i] != 0;
  return flags;
}

}  // namespace gato::ingest
