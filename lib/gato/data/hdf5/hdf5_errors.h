// Errors of files and objects that libhdf5 cannot open, with advice.
#pragma once

#include <filesystem>
#include <string>

#include "gato/base/error.h"

namespace gato::data::hdf5 {

// Returns the error of an object that the library could not open, from its last
// message, which it clears. Error(bad_input) says whether the object was
// written by a newer library or is corrupt.
base::Error open_error(const std::string& label);

// Returns the error of a file that the library could not open. Error(io) if the
// file is marked as being written, otherwise as open_error() does.
base::Error file_open_error(const std::filesystem::path& path);

// Throws Error(io) if another process has locked the file for writing. File
// systems without locks are accepted.
void check_not_in_use(const std::filesystem::path& path);

}  // namespace gato::data::hdf5
