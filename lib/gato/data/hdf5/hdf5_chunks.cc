// open() fetches the stored chunks with libhdf5; read() decodes them later, in
// any thread: it inflates and unshuffles each chunk and copies the part of it
// that is within the shape to its position in the array. Chunks without filters
// are fetched as hyperslabs. The elements of a contiguous dataset are read
// directly from the file.
//
// Sizes in a file are not trusted. Unless the number, the size and the filters
// of the chunks are plausible, open() leaves the dataset to the library.
#include "gato/data/hdf5/hdf5_chunks.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/strided_copy.h"

namespace gato::data::hdf5 {
namespace {

// The maximum size of a chunk, because chunks are decoded in memory.
constexpr int64_t kMaxChunkBytes = int64_t{64} << 20;
// Datasets whose chunks are smaller on average are left to the library, because
// fetching chunks one by one would be slower. A corrupt file may also claim a
// chunk for each element. Up to kUncheckedChunks chunks are always accepted.
constexpr size_t kMinMeanChunkBytes = 256, kUncheckedChunks = 256;
// The maximum ratio of stored to decoded bytes. Chunks may extend beyond the
// shape, and in a corrupt file many entries may refer to the same chunk.
constexpr size_t kMaxStorageRatio = 4, kUncheckedStoredBytes = 64 << 20;

// Returns the file descriptor of the file that contains the object.
int file_descriptor(hid_t object, const std::string& label) {
  const Handle file(H5Iget_file_id(object));
  void* descriptor = nullptr;
  if (H5Fget_vfd_handle(file.id(), H5P_DEFAULT, &descriptor) < 0) {
    throw base::io_error("{}: cannot read: {}", label, last_error_message());
  }
  // The library's default file driver returns a pointer to an int.
  return *static_cast<int*>(descriptor);
}

bool has_native_layout(const Dataset& dataset, DType dtype) {
  return dtype == DType::boolean ||  // read as it is stored
         H5Tequal(dataset.type().id(), file_type(dtype).id()) > 0;
}

// Returns true if the library fills elements that were never written.
// Otherwise, it leaves the memory unchanged.
bool fills_missing_chunks(const Handle& creation) {
  H5D_fill_time_t time = H5D_FILL_TIME_NEVER;
  H5D_fill_value_t value = H5D_FILL_VALUE_UNDEFINED;
  return H5Pget_fill_time(creation.id(), &time) >= 0 &&
         H5Pfill_value_defined(creation.id(), &value) >= 0 &&
         time != H5D_FILL_TIME_NEVER && value != H5D_FILL_VALUE_UNDEFINED;
}

// Advances `corner` to the first element of the next chunk in C order. Returns
// false after the last chunk; `corner` is then at the origin again.
bool advance_to_next_chunk(std::vector<int64_t>& corner,
                           const std::vector<int64_t>& chunk,
                           const std::vector<int64_t>& shape) {
  for (size_t axis = shape.size(); axis-- > 0;) {
    corner[axis] += chunk[axis];
    if (corner[axis] < shape[axis]) {
      return true;
    }
    corner[axis] = 0;
  }
  return false;
}

// Inverts the library's shuffle filter, which moves byte k of element i of
// `count` to k * count + i.
void unshuffle(const std::byte* from, size_t element_size, base::Bytes& into) {
  const size_t count = into.size() / element_size;
  for (size_t k = 0; k < element_size; ++k) {
    const std::byte* plane = from + k * count;
    for (size_t i = 0; i < count; ++i) {
      into[i * element_size + k] = plane[i];
    }
  }
}

constexpr int64_t kColorChannels = 3;  // red, green and blue

// Copies byte i to position 3 i. The three channels of an image are combined in
// a small buffer, which stays in the cache, before they are copied to the
// array.
void interleave_channel(const std::byte* from, size_t count, std::byte* into) {
  for (size_t i = 0; i < count; ++i) {
    into[i * kColorChannels] = from[i];
  }
}

// Returns `values` with the last element replaced.
std::vector<int64_t> with_last_extent(std::vector<int64_t> values,
                                      int64_t last) {
  values.back() = last;
  return values;
}

}  // namespace

std::shared_ptr<const base::FileReader> open_file_reader(const Group& group) {
  return std::make_shared<base::FileReader>(
      file_descriptor(group.id(), group.label()), group.label());
}

std::optional<ChunkedDataset> ChunkedDataset::open(
    const Dataset& dataset,
    const std::shared_ptr<const base::FileReader>& file) {
  const auto dtype = dataset.dtype();
  if (!dtype || !has_native_layout(dataset, *dtype)) {
    return {};
  }
  dataset.check_claimed_size();
  ChunkedDataset result;
  result.label_ = dataset.label();
  result.element_size_ = item_size(*dtype);
  result.shape_ = dataset.shape();
  result.offset_ = dataset.file_offset(dataset.type().id());
  if (result.offset_) {
    result.file_ = file;
    // The dataset may be in another file, reached through an external link.
    if (!file->is_same_file(file_descriptor(dataset.id(), dataset.label()))) {
      return {};
    }
    return result;
  }
  if (result.parse_layout(dataset) && result.load_chunks(dataset)) {
    return result;
  }
  H5Eclear2(H5E_DEFAULT);
  return {};
}

bool ChunkedDataset::parse_layout(const Dataset& dataset) {
  const Handle creation(H5Dget_create_plist(dataset.id()));
  unsigned options = 0;
  if (H5Pget_layout(creation.id()) != H5D_CHUNKED ||
      H5Pget_chunk_opts(creation.id(), &options) < 0 || options != 0 ||
      !parse_filters(creation) || !fills_missing_chunks(creation)) {
    return false;
  }
  std::vector<hsize_t> extents(shape_.size());
  H5Pget_chunk(creation.id(), static_cast<int>(extents.size()), extents.data());
  chunk_shape_.assign(extents.begin(), extents.end());
  int64_t bytes = static_cast<int64_t>(element_size_);
  for (const int64_t extent : chunk_shape_) {
    if (extent < 1 || extent > kMaxChunkBytes / bytes) {
      return false;
    }
    bytes *= extent;
  }
  return true;
}

bool ChunkedDataset::parse_filters(const Handle& creation) {
  const int count = H5Pget_nfilters(creation.id());
  for (int i = 0; i < count; ++i) {
    // The parameter of the shuffle filter is the size of an element.
    unsigned flags = 0, parameter = 0, configuration = 0;
    size_t parameter_count = 1;
    const H5Z_filter_t filter = H5Pget_filter2(
        creation.id(), static_cast<unsigned>(i), &flags, &parameter_count,
        &parameter, 0, nullptr, &configuration);
    if (filter == H5Z_FILTER_SHUFFLE && i == 0 && parameter == element_size_) {
      is_shuffled_ = true;
    } else if (filter == H5Z_FILTER_DEFLATE && i + 1 == count) {
      is_deflated_ = true;
    } else {
      return false;
    }
  }
  return count >= 0;
}

bool ChunkedDataset::load_chunks(const Dataset& dataset) {
  const size_t decoded_bytes =
      element_size_ * static_cast<size_t>(element_count(shape_));
  if (decoded_bytes == 0) {
    return true;
  }
  const size_t max_stored_bytes =
      kUncheckedStoredBytes + kMaxStorageRatio * decoded_bytes;
  size_t chunk_count = 1;
  for (size_t axis = 0; axis < shape_.size(); ++axis) {
    chunk_count *=
        static_cast<size_t>((shape_[axis] - 1) / chunk_shape_[axis] + 1);
  }
  if (chunk_count > kUncheckedChunks + decoded_bytes / kMinMeanChunkBytes) {
    return false;
  }
  // The stored size is known in advance unless chunks are compressed.
  if (!is_filtered()) {
    chunk_data_.reserve(decoded_bytes);
  } else if (!is_deflated_) {
    if (chunk_count > max_stored_bytes / chunk_bytes()) {
      return false;
    }
    chunk_data_.reserve(chunk_count * chunk_bytes());
  }
  std::vector<int64_t> corner(shape_.size(), 0);
  const Handle type = dataset.type();
  do {
    const bool is_loaded = is_filtered()
                               ? load_raw_chunk(dataset, corner)
                               : load_hyperslab(dataset, type.id(), corner);
    if (!is_loaded || chunk_data_.size() > max_stored_bytes) {
      return false;
    }
  } while (advance_to_next_chunk(corner, chunk_shape_, shape_));
  return true;
}

// Loads a chunk as it is stored. Not used for chunks without filters: in a
// corrupt file, the library may report one size for such a chunk but read
// another.
bool ChunkedDataset::load_raw_chunk(const Dataset& dataset,
                                    const std::vector<int64_t>& corner) {
  const std::vector<hsize_t> chunk_offset(corner.begin(), corner.end());
  hsize_t size = 0;  // remains 0 if the chunk was never written
  if (H5Dget_chunk_storage_size(dataset.id(), chunk_offset.data(), &size) < 0 ||
      size == 0 || (is_deflated_ && size > compressBound(chunk_bytes()))) {
    return false;
  }
  // Such a chunk is not left to the library, which would unshuffle
  // uninitialized memory.
  if (!is_deflated_ && size != chunk_bytes()) {
    throw_corrupt_chunk();
  }
  unsigned skipped_filters = 0;
  return H5Dread_chunk(dataset.id(), H5P_DEFAULT, chunk_offset.data(),
                       &skipped_filters, allocate_chunk(size)) >= 0 &&
         skipped_filters == 0;
}

// Loads the part of a chunk that is within the shape. The library copies it in
// one operation, because the selection covers the chunk and the memory
// completely.
bool ChunkedDataset::load_hyperslab(const Dataset& dataset, hid_t type,
                                    const std::vector<int64_t>& corner) {
  const std::vector<hsize_t> start(corner.begin(), corner.end());
  const std::vector<int64_t> extent = chunk_extent(corner);
  const std::vector<hsize_t> count(extent.begin(), extent.end());
  const Handle space(H5Dget_space(dataset.id()));
  const Handle memory = select_block(space, start, count);
  const size_t size =
      element_size_ * static_cast<size_t>(element_count(extent));
  return memory.is_valid() &&
         H5Dread(dataset.id(), type, memory.id(), space.id(), H5P_DEFAULT,
                 allocate_chunk(size)) >= 0;
}

// Returns true for RGB images that are divided into chunks of one color
// channel, as h5py does. The three chunks of the same pixels follow one another
// in chunks_, because the last axis varies fastest.
bool ChunkedDataset::has_channel_chunks() const {
  return element_size_ == 1 && shape_.size() > 1 &&
         shape_.back() == kColorChannels && chunk_shape_.back() == 1;
}

std::byte* ChunkedDataset::allocate_chunk(size_t size) {
  const Chunk chunk{.offset = chunk_data_.size(), .size = size};
  chunk_data_.resize(chunk.offset + chunk.size);
  chunks_.push_back(chunk);
  return &chunk_data_[chunk.offset];
}

std::vector<int64_t> ChunkedDataset::chunk_extent(
    const std::vector<int64_t>& corner) const {
  std::vector<int64_t> extent(shape_.size());
  for (size_t axis = 0; axis < extent.size(); ++axis) {
    extent[axis] = std::min(chunk_shape_[axis], shape_[axis] - corner[axis]);
  }
  return extent;
}

void ChunkedDataset::throw_corrupt_chunk() const {
  throw base::input_error("{}: a chunk is corrupt", label_);
}

size_t ChunkedDataset::chunk_bytes() const {
  return element_size_ * static_cast<size_t>(element_count(chunk_shape_));
}

void ChunkedDataset::read(std::byte* into) const {
  if (!offset_) {
    return read_chunks(into);
  }
  const int64_t bytes =
      element_count(shape_) * static_cast<int64_t>(element_size_);
  require_within_file(*offset_, bytes, file_->size(), label_);
  file_->read(*offset_, into, static_cast<size_t>(bytes));
}

void ChunkedDataset::read_chunks(std::byte* into) const {
  base::Bytes inflated(is_deflated_ ? chunk_bytes() : 0);
  base::Bytes elements(is_shuffled_ ? chunk_bytes() : 0);
  base::Bytes pixels(has_channel_chunks() ? kColorChannels * chunk_bytes() : 0);
  std::vector<int64_t> corner(shape_.size(), 0);
  for (size_t i = 0; i < chunks_.size(); ++i) {
    const std::vector<int64_t> extent = chunk_extent(corner);
    const std::vector<int64_t> decoded_shape =
        is_filtered() ? chunk_shape_ : extent;
    const std::byte* bytes = decode(chunks_[i], inflated, elements);
    if (!has_channel_chunks()) {
      copy_chunk(corner, extent, bytes, decoded_shape, into);
    } else {
      const size_t channel = i % kColorChannels;
      interleave_channel(bytes,
                         static_cast<size_t>(element_count(decoded_shape)),
                         &pixels[channel]);
      if (channel + 1 == kColorChannels) {
        copy_chunk(with_last_extent(corner, 0),
                   with_last_extent(extent, kColorChannels), pixels.data(),
                   with_last_extent(decoded_shape, kColorChannels), into);
      }
    }
    advance_to_next_chunk(corner, chunk_shape_, shape_);
  }
}

// Returns the elements of a chunk, in `inflated` or `elements` if the chunk had
// to be decoded. A chunk without filters is returned as it is.
const std::byte* ChunkedDataset::decode(const Chunk& chunk,
                                        base::Bytes& inflated,
                                        base::Bytes& elements) const {
  const std::byte* bytes = &chunk_data_[chunk.offset];
  if (is_deflated_) {
    uLongf size = inflated.size();
    if (uncompress(reinterpret_cast<Bytef*>(inflated.data()), &size,
                   reinterpret_cast<const Bytef*>(bytes), chunk.size) != Z_OK ||
        size != inflated.size()) {
      throw_corrupt_chunk();
    }
    bytes = inflated.data();
  }
  if (!is_shuffled_) {
    return bytes;
  }
  unshuffle(bytes, element_size_, elements);
  return elements.data();
}

// Copies the block of shape `extent` at the start of `elements`, an array of
// shape `decoded_shape`, to `corner` of the array `into`. Trailing axes that
// are complete in both arrays are contiguous and are copied as one run.
void ChunkedDataset::copy_chunk(const std::vector<int64_t>& corner,
                                const std::vector<int64_t>& extent,
                                const std::byte* elements,
                                const std::vector<int64_t>& decoded_shape,
                                std::byte* into) const {
  std::vector<StridedAxis> axes(shape_.size());
  auto from_size = static_cast<int64_t>(element_size_), into_size = from_size;
  for (size_t axis = axes.size(); axis-- > 0;) {
    axes[axis] = {extent[axis], from_size, into_size};
    into += corner[axis] * into_size;
    from_size *= decoded_shape[axis];
    into_size *= shape_[axis];
  }
  auto run = static_cast<int64_t>(element_size_);
  while (axes.size() > 1 && axes.back().from_stride == run &&
         axes.back().into_stride == run) {
    run *= axes.back().count;
    axes.pop_back();
  }
  copy_strided(axes, static_cast<size_t>(run), elements, into);
}

}  // namespace gato::data::hdf5
