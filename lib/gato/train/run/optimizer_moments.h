// The moments of an optimizer in a checkpoint, one file per shard:
//   optimizer-RRRRR-of-WWWWW.safetensors
// contains the tensors NAME.mean and NAME.square of every parameter that
// overlaps the shard of rank R of W. If the entire parameter is in the shard,
// its moments have the shape of the parameter. Otherwise the overlap is stored
// as a flat tensor, and the metadata maps NAME to the index of its first
// element within the parameter.
#pragma once

#include <cstdint>
#include <filesystem>

#include "gato/model/network.h"
#include "gato/train/optimizer.h"

namespace gato::train {

// Writes the file of the optimizer's slice as shard `rank` of `world_size`.
void write_moments(const std::filesystem::path& directory,
                   const model::Network& network,
                   const OptimizerState& optimizer, int64_t rank,
                   int64_t world_size);

// Reads the moments of the optimizer's slice. The number of files may differ
// from the number of ranks of this run. Throws Error(io) if a file cannot be
// read, Error(bad_input) if one is corrupt, missing or of another network.
void read_moments(const std::filesystem::path& directory,
                  const model::Network& network, OptimizerState& optimizer);

}  // namespace gato::train
