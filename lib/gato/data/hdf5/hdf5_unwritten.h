// Elements of datasets that were never written. libhdf5 reads fill values in
// their place, usually zeros, and reports nothing: a writer that crashed leaves
// such datasets behind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/data/hdf5/hdf5.h"

namespace gato::data::hdf5 {

// Records that parts of the dataset were never written: chunks, or all of its
// elements. Does nothing if all were written. Thread-safe.
void note_unwritten_elements(const Dataset& dataset);
// Records that no source is mapped to `elements` elements of a virtual dataset.
void note_unmapped_elements(const Dataset& dataset, int64_t elements);

// While it exists, what this thread records belongs to the file of a virtual
// dataset rather than to that of its source. The outermost one counts.
class UnwrittenElementsOwner {
 public:
  explicit UnwrittenElementsOwner(const Dataset& dataset);
  ~UnwrittenElementsOwner();
  UnwrittenElementsOwner(const UnwrittenElementsOwner&) = delete;
  UnwrittenElementsOwner& operator=(const UnwrittenElementsOwner&) = delete;

 private:
  bool is_outermost_;
};

// Returns a warning that names the first dataset with such elements among those
// that were opened in a file, and how many others there are. Returns nullopt if
// there are none, or if an earlier call returned a warning about the file.
std::optional<std::string> take_unwritten_warning(const std::string& file);

}  // namespace gato::data::hdf5
