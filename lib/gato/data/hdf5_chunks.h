// The numbers of a dataset, read without libhdf5: in any thread, while the
// library is one lock for the whole process, and several times as fast where
// chunks are narrow. h5py, and so Minari, cuts pictures into chunks of one
// channel, which the library spreads over the array a byte at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/bytes.h"
#include "gato/base/file_reader.h"
#include "gato/data/hdf5.h"

namespace gato::data::hdf5 {

// To read the file of an open object.
std::shared_ptr<const base::FileReader> open_file_reader(const Group& group);

// The elements of one dataset: where they lie in the file, or its chunks as
// they are stored. Holds no object of the library.
class ChunkedDataset {
 public:
  // Reads the chunks, where there are any; what is contiguous will be read
  // from `file`. Nothing where the library has to read the elements: of
  // another type or byte order than Dataset::dtype() has in memory; contiguous
  // in another file, where a link led; compact, virtual or external; in chunks
  // of a few bytes; filtered by anything but shuffle and gzip, or so and
  // partly missing. Error (bad_input) where a chunk is damaged, and as
  // Dataset::check_claimed_size().
  static std::optional<ChunkedDataset> open(
      const Dataset& dataset,
      const std::shared_ptr<const base::FileReader>& file);

  // All of them in C order: element_count(shape) * item_size(dtype) bytes.
  // Error (bad_input) where the file is damaged; (io).
  void read(std::byte* into) const;

 private:
  struct Chunk {
    size_t offset = 0, size = 0;  // in chunk_data_, bytes
  };

  bool parse_layout(const Dataset& dataset);
  bool parse_filters(const Handle& creation);
  bool load_chunks(const Dataset& dataset);
  bool load_raw_chunk(const Dataset& dataset,
                      const std::vector<int64_t>& corner);
  bool load_hyperslab(const Dataset& dataset, hid_t type,
                      const std::vector<int64_t>& corner);
  std::byte* allocate_chunk(size_t size);
  bool has_channel_chunks() const;
  bool is_filtered() const { return is_shuffled_ || is_deflated_; }
  std::vector<int64_t> chunk_extent(const std::vector<int64_t>& corner) const;
  size_t chunk_bytes() const;
  [[noreturn]] void throw_corrupt_chunk() const;
  void read_chunks(std::byte* into) const;
  const std::byte* decode(const Chunk& chunk, base::Bytes& inflated,
                          base::Bytes& elements) const;
  void copy_chunk(const std::vector<int64_t>& corner,
                  const std::vector<int64_t>& extent, const std::byte* elements,
                  const std::vector<int64_t>& decoded_shape,
                  std::byte* into) const;

  std::string label_;
  size_t element_size_ = 0;
  std::vector<int64_t> shape_;
  // Where they are contiguous.
  std::shared_ptr<const base::FileReader> file_;
  std::optional<int64_t> offset_;  // in the file

  std::vector<int64_t> chunk_shape_;
  bool is_shuffled_ = false, is_deflated_ = false;
  base::Bytes chunk_data_;
  std::vector<Chunk> chunks_;  // in C order of the grid of chunks
};

}  // namespace gato::data::hdf5
