// HDF5 files of any layout, for the readers of HDF5: a good file is changed
// through the library, as the input says. Bytes of the library's own structures
// are not touched: it would be the library that is tested.
#pragma once

#include <string>

#include "data/sample_documents.h"
#include "fuzz/fuzz.h"

namespace gato::fuzz {

// The good file, from its bytes. On disk, as libhdf5 wants a path that can be
// resolved.
class EditedFile {
 public:
  explicit EditedFile(std::string bytes) : bytes_(std::move(bytes)) {}

  // Makes the good file again.
  void restore() const;
  // The same, then changes it: values are overwritten;
  // datasets and attributes are removed, renamed, or replaced by others of any
  // type and shape.
  void edit(FuzzedDataProvider& input);
  std::filesystem::path path() const { return folder_ / "main_data.hdf5"; }

 private:
  std::string bytes_;
  test::TestDirectory folder_;
};

}  // namespace gato::fuzz
