// Datasets. Shapes and types of a file are not trusted: the constructor limits
// the extents, and check_claimed_size() compares the size that a shape implies
// with the bytes that are stored before any memory is allocated. Elements of
// variable length are in a heap of the file, whose corruption can send the
// library into an endless loop; reading them runs under a watchdog.
#include <algorithm>
#include <cstring>

#include "gato/base/error.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/hdf5/hdf5_heap.h"

namespace gato::data::hdf5 {
namespace {

// The ratio that no filter of the library exceeds; DEFLATE reaches 1032.
constexpr double kMaxCompressionRatio = 1100;
// Datasets up to this size are not checked.
constexpr double kUncheckedClaimBytes = 64 << 20;

std::optional<DType> integer_dtype(size_t size, bool is_signed) {
  switch (size) {
    case 1:
      return is_signed ? DType::int8 : DType::uint8;
    case 2:
      return is_signed ? DType::int16 : DType::uint16;
    case 4:
      return is_signed ? DType::int32 : DType::uint32;
    case 8:
      return is_signed ? DType::int64 : DType::uint64;
    default:
      return std::nullopt;
  }
}

std::optional<DType> dtype_of(hid_t type) {
  const size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return integer_dtype(size, H5Tget_sign(type) == H5T_SGN_2);
    case H5T_FLOAT:
      // Half and extended precision are converted.
      return size <= 4 ? DType::float32 : DType::float64;
    case H5T_ENUM:  // as h5py stores booleans
      if (size == 1 && H5Tget_nmembers(type) == 2) {
        return DType::boolean;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Returns the properties for reading or writing `rows` rows. Whenever elements
// are converted, as texts always are, the library clears its conversion buffer
// of 1 MiB. A small transfer therefore gets a smaller buffer.
Handle transfer_properties(const Dataset& dataset, hid_t type, int64_t rows) {
  constexpr size_t kMinBuffer = 4 << 10, kMaxBuffer = 1 << 20;
  const size_t element =
      std::max(H5Tget_size(type), H5Tget_size(dataset.type().id()));
  size_t buffer = element * static_cast<size_t>(rows);
  for (size_t axis = 1; axis < dataset.shape().size(); ++axis) {
    buffer *= static_cast<size_t>(dataset.shape()[axis]);
  }
  // The buffer must hold at least one element before and after conversion.
  buffer = std::max(std::clamp(buffer, kMinBuffer, kMaxBuffer), 2 * element);
  Handle transfer(H5Pcreate(H5P_DATASET_XFER));
  H5Pset_buffer(transfer.id(), buffer, nullptr, nullptr);
  return transfer;
}

// Returns why a dataset cannot be read. If the library lacks one of its
// filters, the message says which one and what to do.
std::string read_error_message(hid_t dataset) {
  const std::string library_message = last_error_message();
  const Handle creation(H5Dget_create_plist(dataset));
  for (int i = 0; i < H5Pget_nfilters(creation.id()); ++i) {
    unsigned flags = 0, configuration = 0;
    size_t values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(creation.id(), static_cast<unsigned>(i), &flags, &values,
                       nullptr, sizeof name, name, &configuration);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
      H5Eclear2(H5E_DEFAULT);
      return fmt::format(
          "it is compressed with the filter {}{}, which libhdf5 lacks: write "
          "the file again with gzip, as share/gato/convert/older_hdf5.py OLD "
          "NEW does, or set HDF5_PLUGIN_PATH to the directory of its plugin, "
          "such as hdf5plugin.PLUGIN_PATH of the Python package hdf5plugin",
          static_cast<int>(filter),
          name[0] == '\0' ? std::string() : fmt::format(" ('{}')", name));
    }
  }
  return library_message;
}

// Returns the number of elements in `rows` rows.
size_t row_element_count(const Dataset& dataset, int64_t rows) {
  std::vector<int64_t> shape = dataset.shape();
  if (!shape.empty()) {
    shape[0] = rows;
  }
  return static_cast<size_t>(element_count(shape));
}

// Reads rows [first, first + count) of a dataset whose elements have variable
// length and calls use(element) for each of them, which is a char* (possibly
// null) or an hvl_t.
template <class Element, class Use>
void for_each_variable_length(const Dataset& dataset, int64_t first,
                              int64_t count, Use use) {
  std::vector<Element> elements(row_element_count(dataset, count));
  if (elements.empty()) {
    return;
  }
  const Handle type = dataset.type();
  const base::Hdf5CallWatchdog watchdog;
  const HeapReferenceCheck check(dataset.id());
  dataset.read(type.id(), first, count, elements.data());
  for (const Element& element : elements) {
    use(element);
  }
  const hsize_t extent = elements.size();
  const Handle space(H5Screate_simple(1, &extent, nullptr));
  H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, elements.data());
}

}  // namespace

Dataset::Dataset(Handle handle, std::string label)
    : handle_(std::move(handle)), label_(std::move(label)) {
  const Handle space(H5Dget_space(id()));
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0 || H5Sget_simple_extent_type(space.id()) == H5S_NULL) {
    throw base::input_error("{}: the dataset has no shape", label_);
  }
  std::vector<hsize_t> extents(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr);
  for (hsize_t extent : extents) {
    if (extent > (hsize_t{1} << 60)) {
      throw base::input_error("{}: {} rows are not supported", label_, extent);
    }
    shape_.push_back(static_cast<int64_t>(extent));
  }
  try {
    check_shape(shape_);
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", label_, error.what());
  }
}

Handle Dataset::type() const { return Handle(H5Dget_type(id())); }

std::optional<DType> Dataset::dtype() const { return dtype_of(type().id()); }

bool Dataset::is_text() const {
  return H5Tget_class(type().id()) == H5T_STRING;
}

void Dataset::check_claimed_size() const {
  const double claimed = static_cast<double>(element_count(shape_)) *
                         static_cast<double>(H5Tget_size(type().id()));
  const auto stored_bytes = static_cast<double>(H5Dget_storage_size(id()));
  if (claimed > kUncheckedClaimBytes + kMaxCompressionRatio * stored_bytes) {
    const Handle creation(H5Dget_create_plist(id()));
    if (H5Pget_layout(creation.id()) == H5D_VIRTUAL) {
      return;  // stores nothing itself; check_sources() checks its sources
    }
    throw base::input_error(
        "{}: the shape requires {:.0f} bytes, but the file contains only "
        "{:.0f}",
        label_, claimed, stored_bytes);
  }
}

Handle Dataset::select_rows(int64_t first, int64_t count,
                            Handle& memory) const {
  Handle space(H5Dget_space(id()));
  if (shape_.empty()) {
    memory = Handle(H5Screate(H5S_SCALAR));
    return space;
  }
  std::vector<hsize_t> start(shape_.size(), 0);
  std::vector<hsize_t> extents(shape_.begin(), shape_.end());
  start[0] = static_cast<hsize_t>(first);
  extents[0] = static_cast<hsize_t>(count);
  memory = select_block(space, start, extents);
  return space;
}

void Dataset::read(hid_t type, int64_t first, int64_t count, void* into) const {
  Handle memory;
  const Handle space = select_rows(first, count, memory);
  const Handle transfer = transfer_properties(*this, type, count);
  if (H5Dread(id(), type, memory.id(), space.id(), transfer.id(), into) < 0) {
    throw base::input_error("{}: cannot read: {}", label_,
                            read_error_message(id()));
  }
}

void Dataset::write(hid_t type, int64_t first, int64_t count,
                    const void* from) {
  Handle memory;
  const Handle space = select_rows(first, count, memory);
  const Handle transfer = transfer_properties(*this, type, count);
  if (H5Dwrite(id(), type, memory.id(), space.id(), transfer.id(), from) < 0) {
    throw write_error(label_);
  }
}

Array Dataset::read_array(int64_t first, int64_t count) const {
  const auto element = dtype();
  if (!element) {
    throw base::input_error("{}: the elements are neither numbers nor booleans",
                            label_);
  }
  check_claimed_size();
  std::vector<int64_t> shape = shape_;
  if (!shape.empty()) {
    shape[0] = count;
  }
  // The library leaves memory unchanged for chunks that were never written and
  // have no fill value. A contiguous dataset is always read completely.
  const bool is_contiguous = H5Dget_offset(id()) != HADDR_UNDEF;
  Array array = is_contiguous ? Array::uninitialized(*element, std::move(shape))
                              : Array::zeros(*element, std::move(shape));
  if (array.size() == 0) {
    return array;
  }
  // An enumeration is read as it is stored, without converting its members.
  const Handle memory =
      *element == DType::boolean ? type() : file_type(*element);
  read(memory.id(), first, count, array.bytes.data());
  return array;
}

Array Dataset::read_array() const { return read_array(0, row_count()); }

std::vector<std::string> Dataset::read_texts() const {
  return read_texts(0, row_count());
}

std::vector<std::string> Dataset::read_texts(int64_t first,
                                             int64_t count) const {
  if (!is_text()) {
    throw base::input_error("{}: the elements are not strings", label_);
  }
  check_claimed_size();
  const size_t elements = row_element_count(*this, count);
  std::vector<std::string> texts;
  texts.reserve(elements);
  if (!is_fixed_length_text()) {
    for_each_variable_length<char*>(
        *this, first, count, [&texts](const char* text) {
          texts.emplace_back(text == nullptr ? "" : text);
        });
    return texts;
  }
  if (elements == 0) {
    return texts;
  }
  const Handle stored = type();
  const size_t width = H5Tget_size(stored.id());
  std::string padded(elements * width, '\0');
  read(stored.id(), first, count, padded.data());
  for (size_t i = 0; i < elements; ++i) {
    texts.emplace_back(without_padding(
        std::string_view(padded).substr(i * width, width), stored.id()));
  }
  return texts;
}

bool Dataset::has_byte_sequences() const {
  const Handle stored = type();
  if (H5Tget_class(stored.id()) == H5T_OPAQUE) {
    return true;
  }
  if (H5Tget_class(stored.id()) != H5T_VLEN) {
    return false;
  }
  const Handle element(H5Tget_super(stored.id()));
  return H5Tget_class(element.id()) == H5T_INTEGER &&
         H5Tget_size(element.id()) == 1;
}

bool Dataset::is_fixed_length_text() const {
  return is_text() && H5Tis_variable_str(type().id()) == 0;
}

std::vector<std::vector<uint8_t>> Dataset::read_byte_sequences(
    int64_t first, int64_t count) const {
  check_claimed_size();
  const size_t elements = row_element_count(*this, count);
  std::vector<std::vector<uint8_t>> sequences;
  sequences.reserve(elements);
  const Handle stored = type();
  if (H5Tget_class(stored.id()) == H5T_VLEN) {
    for_each_variable_length<hvl_t>(
        *this, first, count, [&sequences](const hvl_t& sequence) {
          const auto* bytes = static_cast<const uint8_t*>(sequence.p);
          sequences.emplace_back(bytes, bytes + sequence.len);
        });
    return sequences;
  }
  if (elements == 0) {
    return sequences;
  }
  const size_t width = H5Tget_size(stored.id());
  std::vector<uint8_t> flat(elements * width);
  read(stored.id(), first, count, flat.data());
  for (size_t i = 0; i < elements; ++i) {
    const uint8_t* bytes = flat.data() + i * width;
    sequences.emplace_back(bytes, bytes + width);
  }
  return sequences;
}

std::optional<int64_t> Dataset::file_offset(hid_t expected) const {
  if (H5Tequal(type().id(), expected) <= 0) {
    return std::nullopt;
  }
  const Handle creation(H5Dget_create_plist(id()));
  if (H5Pget_layout(creation.id()) != H5D_CONTIGUOUS ||
      H5Pget_external_count(creation.id()) > 0) {
    return std::nullopt;
  }
  const haddr_t offset = H5Dget_offset(id());
  H5Eclear2(H5E_DEFAULT);
  if (offset == HADDR_UNDEF) {
    return std::nullopt;
  }
  return static_cast<int64_t>(offset);
}

}  // namespace gato::data::hdf5
