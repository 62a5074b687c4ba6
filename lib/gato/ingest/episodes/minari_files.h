// The files of a Minari dataset: DIR/data/main_data.hdf5, and next to it
// metadata.json, which datasets of Minari 0.4 lack.
#pragma once

#include <filesystem>

namespace gato::ingest {

inline constexpr const char* kMinariDataFile = "main_data.hdf5";
inline constexpr const char* kMinariMetadataFile = "metadata.json";

// The paths of a dataset.
struct MinariFiles {
  std::filesystem::path data;
  std::filesystem::path metadata;           // empty if there is none
  std::filesystem::path dataset_directory;  // names the dataset
};

// Returns the files of the dataset at `path`: its directory, the directory
// "data" in it, or its HDF5 file. Throws Error(io) if `path` does not exist,
// and Error(bad_input) if it is not a Minari dataset or not stored as HDF5.
MinariFiles find_minari_files(const std::filesystem::path& path);

}  // namespace gato::ingest
