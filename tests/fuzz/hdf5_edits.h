// Generates HDF5 files of any layout for the readers of HDF5, by editing a
// valid file through libhdf5 as the input directs. The library's own structures
// stay intact, because corrupting them would fuzz the library instead of the
// readers.
#pragma once

#include <string>

#include "data/sample_documents.h"
#include "fuzz/fuzz.h"
#include "gato/base/file_io.h"

namespace gato::fuzz {

// A valid file that can be edited and restored. It is on disk because libhdf5
// needs a path that it can resolve.
class EditedFile {
 public:
  explicit EditedFile(std::string bytes) : bytes_(std::move(bytes)) {}

  // Writes the valid file again.
  void restore() const;
  // Restores the file, then edits it: overwrites values, and removes, renames
  // or replaces datasets and attributes by others of any type and shape.
  void edit(FuzzedDataProvider& input);
  std::filesystem::path path() const { return folder_ / "main_data.hdf5"; }

 private:
  std::string bytes_;
  test::TestDirectory folder_;
};

// Returns the bytes of the file that `write(path)` writes.
template <class Write>
std::string written_bytes(Write write) {
  const test::TestDirectory folder;
  const std::filesystem::path path = folder / "main_data.hdf5";
  write(path);
  return base::read_file(path);
}

// Edits `file` as the input directs and calls `read(path)`, which may refuse
// the file with a base::Error.
template <class Read>
void fuzz_edited(EditedFile& file, const uint8_t* data, size_t size,
                 Read read) {
  FuzzedDataProvider input(data, size);
  file.edit(input);
  accepts([&] { read(file.path()); });
}

}  // namespace gato::fuzz
