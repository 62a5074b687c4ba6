// Calls of the HDF5 library are serialized, and most of the time goes into
// decompressing chunks and decoding images. A column's type and shape are
// therefore read immediately, but its elements, if possible, by a
// DeferredReads::Fill that does not use the library, so that any thread can run
// it.
#include "gato/ingest/episodes/hdf5_columns.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/compressed_images.h"
#include "gato/ingest/images/frame_decoder.h"

namespace gato::ingest {
namespace {

// Returns a row's shape without extents of 1.
std::vector<int64_t> squeeze(std::span<const int64_t> shape) {
  std::vector<int64_t> squeezed;
  std::ranges::copy_if(shape, std::back_inserter(squeezed),
                       [](int64_t extent) { return extent != 1; });
  return squeezed;
}

// Returns whether rows of shape `stored` contain those of shape `wanted` in the
// same order: the extents agree, or one of the two is flat.
bool can_reshape(std::span<const int64_t> stored,
                 const std::vector<int64_t>& wanted) {
  const std::vector<int64_t> from = squeeze(stored), to = squeeze(wanted);
  return from == to || from.size() <= 1 || to.size() <= 1;
}

// Reshapes rows to `field`'s shape, which a file may store flat or with extra
// extents of 1, such as [T,1] for [T]. Other shapes with as many elements, such
// as [C,H,W] for [H,W,C], have them in a different order.
data::Array reshape_rows(data::Array array, const data::Field& field,
                         const std::string& label) {
  if (field.role == data::Role::image && array.dtype != data::DType::uint8) {
    throw base::input_error("{}: an image must be uint8, this is {}", label,
                            data::dtype_name(array.dtype));
  }
  const int64_t rows = array.shape.empty() ? 0 : array.shape[0];
  std::vector<int64_t> shape{rows};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  if (array.shape.empty() || data::element_count(shape) != array.size() ||
      !can_reshape(std::span(array.shape).subspan(1), field.shape)) {
    throw base::input_error(
        "{}: the shape is [{}], but the space is [{}] per step", label,
        fmt::join(array.shape, ", "), fmt::join(field.shape, ", "));
  }
  array.shape = std::move(shape);
  return array;
}

// A column, and how its elements are read later; null if they are there.
using PendingColumn = std::pair<data::FieldColumn, DeferredReads::Fill>;

PendingColumn defer_decoding(CompressedImages images,
                             const data::Field& field) {
  base::with_context(images.label,
                     [&field] { check_frame_shape(field.shape); });
  data::Array array;
  array.dtype = data::DType::uint8;
  array.shape = field.shape;
  array.shape.insert(array.shape.begin(), std::ssize(images.frames));
  data::check_shape(array.shape);
  const auto shared =
      std::make_shared<const CompressedImages>(std::move(images));
  return {std::move(array), [shared, field](data::Array& pixels) {
            append_decoded_images(*shared, field, pixels.bytes);
          }};
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

// Rows [first, first + count) of a dataset.
struct RowRange {
  int64_t first = 0, count = 0;
};

bool is_compressed(const data::hdf5::Dataset& dataset, const data::Field& field,
                   const RowRange& rows) {
  return field.role != data::Role::text && !dataset.shape().empty() &&
         rows.count > 0 && has_compressed_images(dataset, field, rows.first);
}

data::FieldColumn no_rows(const data::Field& field) {
  if (field.role == data::Role::text) {
    return std::vector<std::string>();
  }
  std::vector<int64_t> shape = field.shape;
  shape.insert(shape.begin(), 0);
  return data::Array::zeros(field.dtype, std::move(shape));
}

// Reads numbers immediately, unless there is a `file` and all rows are wanted.
PendingColumn read_column(const data::hdf5::Dataset& dataset,
                          const data::Field& field, const RowRange& rows,
                          const std::shared_ptr<const base::FileReader>& file) {
  if (field.role == data::Role::text) {
    return {dataset.read_texts(rows.first, rows.count), nullptr};
  }
  if (is_compressed(dataset, field, rows)) {
    return defer_decoding(
        {read_compressed_images(dataset, rows.first, rows.count)}, field);
  }
  if (!dataset.dtype() && rows.count == 0) {
    return {no_rows(field), nullptr};
  }
  if (file) {
    return read_numbers(dataset, field, file);
  }
  return {reshape_rows(dataset.read_array(rows.first, rows.count), field,
                       dataset.label()),
          nullptr};
}

void append_last_row(data::Array& array, const data::Array& other) {
  const data::Array row = other.row(other.shape[0] - 1);
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

void append_last_row(data::FieldColumn& column,
                     const data::FieldColumn& other) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    texts->push_back(std::get<std::vector<std::string>>(other).back());
    return;
  }
  append_last_row(std::get<data::Array>(column), std::get<data::Array>(other));
}

// Appends the last row of `final_row`, immediately or, if a part of either
// column is read later, then.
PendingColumn with_final_row(PendingColumn column, PendingColumn final_row) {
  if (!column.second && !final_row.second) {
    append_last_row(column.first, final_row.first);
    return column;
  }
  ++std::get<data::Array>(column.first).shape[0];
  const auto shared = std::make_shared<PendingColumn>(std::move(final_row));
  return {std::move(column.first),
          [fill = std::move(column.second), shared](data::Array& rows) {
            --rows.shape[0];
            if (fill) {
              fill(rows);
            }
            auto& last = std::get<data::Array>(shared->first);
            if (shared->second) {
              shared->second(last);
            }
            append_last_row(rows, last);
          }};
}

void append_pending_column(PendingColumn pending, data::Episode& episode,
                           DeferredReads::ColumnsMember columns,
                           DeferredReads& deferred) {
  (episode.*columns).push_back(std::move(pending.first));
  if (pending.second) {
    deferred.add(columns, (episode.*columns).size() - 1,
                 std::move(pending.second));
  }
}

}  // namespace

void append_column(const data::hdf5::Dataset& dataset, const data::Field& field,
                   const std::shared_ptr<const base::FileReader>& file,
                   data::Episode& episode, DeferredReads::ColumnsMember columns,
                   DeferredReads& deferred, const data::hdf5::Dataset* next) {
  const int64_t rows = dataset.row_count();
  PendingColumn column = read_column(dataset, field, {0, rows}, file);
  if (next != nullptr) {
    column = with_final_row(std::move(column),
                            read_column(*next, field, {rows - 1, 1}, nullptr));
  }
  append_pending_column(std::move(column), episode, columns, deferred);
}

void append_rows(const data::hdf5::Dataset& dataset, const data::Field& field,
                 int64_t first, int64_t count, data::Episode& episode,
                 DeferredReads::ColumnsMember columns, DeferredReads& deferred,
                 const data::hdf5::Dataset* next) {
  PendingColumn column = read_column(dataset, field, {first, count}, nullptr);
  if (next != nullptr) {
    column = with_final_row(
        std::move(column),
        read_column(*next, field, {first + count - 1, 1}, nullptr));
  }
  append_pending_column(std::move(column), episode, columns, deferred);
}

int64_t row_count(const data::FieldColumn& column) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return static_cast<int64_t>(texts->size());
  }
  return std::get<data::Array>(column).shape.at(0);
}

void require_row_count(int64_t rows, int64_t steps, FinalRow final_row,
                       const std::string& label, const std::string& name) {
  if (rows == steps) {
    return;
  }
  if (final_row == FinalRow::allowed && rows == steps + 1) {
    return;
  }
  throw base::input_error("{}: {} has {} rows for {} steps", label, name, rows,
                          steps);
}

void require_step_attribute(const data::hdf5::Group& group, const char* name,
                            int64_t steps) {
  const double expected =
      group.number_attribute(name).value_or(static_cast<double>(steps));
  if (expected == static_cast<double>(steps)) {
    return;
  }
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

std::vector<double> read_scalars(const data::hdf5::Dataset& dataset,
                                 int64_t first, int64_t count) {
  const data::Array array = dataset.read_array(first, count);
  if (array.size() != count) {
    throw base::input_error("{}: the shape is [{}], not one number per row",
                            dataset.label(), fmt::join(dataset.shape(), ", "));
  }
  std::vector<double> scalars;
  scalars.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    scalars.push_back(array.as_double(i));
  }
  return scalars;
}

std::vector<double> read_scalars(const data::hdf5::Group& group,
                                 const char* name, int64_t steps) {
  if (!group.has(name)) {
    return {};
  }
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
  for (size_t i = 0; i < scalars.size(); ++i) {
    if (std::isnan(scalars[i])) {
      throw base::input_error("{}: {}: step {} is NaN: store true or false",
                              group.label(), name, i);
    }
    flags[i] = scalars[i] != 0;
  }
  return flags;
}

}  // namespace gato::ingest
