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

namespace gato::hdf5 {

// To read the file of an open object.
std::shared_ptr<const FileReader> reader_of(const Group& group);

// The elements of one dataset: where they lie in the file, or its chunks as
// they are stored. Holds no object of the library.
class Elements {
 public:
  // Reads the chunks, where there are any; what is contiguous will be read
  // from `file`. Nothing where the library has to read the elements: of
  // another type or byte order than Dataset::dtype() has in memory; contiguous
  // in another file, where a link led; compact, virtual or external; in chunks
  // of a few bytes; filtered by anything but shuffle and gzip, or so and
  // partly missing. Error (bad_input) where a chunk is damaged, and as
  // Dataset::check_storage().
  static std::optional<Elements> of(
      const Dataset& dataset, const std::shared_ptr<const FileReader>& file);

  // All of them in C order: element_count(shape) * size_of(dtype) bytes. Error
  // (bad_input) where the file is damaged; (io).
  void read(std::byte* into) const;

 private:
  struct Chunk {
    size_t offset = 0, size = 0;  // in stored_, bytes
  };

  bool understand_layout(const Dataset& dataset);
  bool understand_filters(const Handle& creation);
  bool fetch_chunks(const Dataset& dataset);
  bool fetch_stored(const Dataset& dataset, const std::vector<int64_t>& corner);
  bool fetch_selected(const Dataset& dataset, hid_t type,
                      const std::vector<int64_t>& corner);
  std::byte* room_for_chunk(size_t size);
  bool is_in_planes() const;
  bool is_filtered() const { return is_shuffled_ || is_deflated_; }
  std::vector<int64_t> extent_at(const std::vector<int64_t>& corner) const;
  size_t chunk_bytes() const;
  [[noreturn]] void refuse_chunk() const;
  void read_chunks(std::byte* into) const;
  const std::byte* decode(const Chunk& chunk, Bytes& inflated,
                          Bytes& elements) const;
  void place(const std::vector<int64_t>& corner,
             const std::vector<int64_t>& extent, const std::byte* elements,
             const std::vector<int64_t>& held, std::byte* into) const;

  std::string label_;
  size_t element_size_ = 0;
  std::vector<int64_t> shape_;
  // Where they are contiguous.
  std::shared_ptr<const FileReader> file_;
  std::optional<int64_t> offset_;  // in the file

  std::vector<int64_t> chunk_shape_;
  bool is_shuffled_ = false, is_deflated_ = false;
  Bytes stored_;
  std::vector<Chunk> chunks_;  // in C order of the grid of chunks
};

}  // namespace gato::hdf5
