// The files that an HDF5 file refers to by name: where libhdf5 looks for them.
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <string>

namespace gato::data::hdf5 {

// Returns the path of the file that contains an open object.
std::filesystem::path containing_file(hid_t object);

// Returns the absolute path of the directory of a file.
std::filesystem::path directory_of(const std::filesystem::path& file);

// Returns the file `name` that `owner` refers to, the first that exists where
// the library looks for it. `variable` is the environment variable with a list
// of directories. Throws Error(io) if there is none.
std::filesystem::path find_file(const std::filesystem::path& owner,
                                const std::string& name, const char* variable);

}  // namespace gato::data::hdf5
