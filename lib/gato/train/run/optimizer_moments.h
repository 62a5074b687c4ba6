// The moments of AdamW in the files of a checkpoint, one file a slice:
//   optimizer-RRRRR-of-WWWWW.safetensors
// holds NAME.mean and NAME.square of every parameter that the slice of rank R
// of W has a part of. A parameter that lies in the slice as a whole has its
// shape. Of another the part is a flat tensor, and the metadata has its first
// element under the parameter's name.
#pragma once

#include <cstdint>
#include <filesystem>

#include "gato/model/network.h"
#include "gato/train/adamw.h"

namespace gato::train {

// Writes the file of the optimiser's slice, that of rank `rank` of `ranks`.
void write_moments(const std::filesystem::path& directory,
                   const model::Network& network, const AdamW& optimizer,
                   int64_t rank, int64_t world_size);

// Fills the optimiser's slice, from however many files. Errors: io, bad_input
// (damaged, missing or of another network).
void read_moments(const std::filesystem::path& directory,
                  const model::Network& network, AdamW& optimizer);

}  // namespace gato::train
