// Finds the datasets in a directory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gato::ingest {

// Returns the datasets of an operand, sorted by path. A directory that is not
// itself a dataset means all datasets inside it, at any depth, since
// gato-rollout writes one per task: directories of Minari datasets, and files
// whose names end in .hdf5. Names that begin with a dot are skipped. If there
// are none, returns the operand itself, so that reading it reports the error.
// Throws Error(io) if a directory cannot be read.
std::vector<std::filesystem::path> find_datasets(
    const std::filesystem::path& operand);

// Returns the datasets of all operands, in the order of the operands.
std::vector<std::string> find_all_datasets(
    const std::vector<std::string>& operands);

}  // namespace gato::ingest
