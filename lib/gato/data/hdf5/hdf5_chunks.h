// A reader of numeric datasets that decodes elements without libhdf5. It can
// run in any thread, whereas the library holds one lock for the entire process,
// and it is several times as fast if chunks are narrow: h5py, and therefore
// Minari, splits images into chunks of one channel, which the library scatters
// over the array one byte at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/bytes.h"
#include "gato/base/file_reader.h"
#include "gato/data/hdf5/hdf5.h"

namespace gato::data::hdf5 {

// Opens a reader of the file that contains an open object.
std::shared_ptr<const base::FileReader> open_file_reader(const Group& group);

// The elements of one dataset: their offset in the file if they are contiguous,
// and otherwise the stored chunks, loaded but not yet decoded. Keeps no HDF5
// object open.
class ChunkedDataset {
 public:
  // Loads the stored chunks of a chunked dataset. The elements of a contiguous
  // one are read later, from `file`. Returns nullopt if the library must read
  // the elements because they are
  //  - not of the type and byte order that Dataset::dtype() has in memory,
  //  - contiguous but in another file, reached through a link,
  //  - compact, virtual or external,
  //  - in chunks of a few bytes or of more than 64 MiB,
  //  - filtered by anything but shuffle and gzip, or
  //  - partly missing, and filtered or without a fill value.
  // Throws Error(bad_input) if a chunk is corrupt, and as
  // Dataset::check_claimed_size() does.
  static std::optional<ChunkedDataset> open(
      const Dataset& dataset,
      const std::shared_ptr<const base::FileReader>& file);

  // Decodes all elements in C order to `into`, which has room for
  // element_count(shape) * item_size(dtype) bytes. Thread-safe. Throws
  // Error(bad_input) if the file is corrupt and Error(io) if it cannot be read.
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
  // Contiguous datasets only: the file and the offset of the elements in it.
  std::shared_ptr<const base::FileReader> file_;
  std::optional<int64_t> offset_;

  // Chunked datasets only.
  std::vector<int64_t> chunk_shape_;
  bool is_shuffled_ = false, is_deflated_ = false;
  base::Bytes chunk_data_;
  std::vector<Chunk> chunks_;  // in C order of the grid of chunks
};

}  // namespace gato::data::hdf5
