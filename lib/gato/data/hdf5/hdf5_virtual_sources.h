// The sources of virtual datasets.
#pragma once

#include "gato/data/hdf5/hdf5.h"

namespace gato::data::hdf5 {

// Returns the access properties with which a virtual dataset must be opened.
Handle virtual_access_properties();

// Checks all sources of a virtual dataset. Throws Error(io) if a file is
// missing or cannot be read, and Error(bad_input) if it is not an HDF5 file, if
// the dataset within it is missing, or if it contains fewer elements than the
// dataset refers to.
void check_virtual_sources(const Dataset& dataset);

}  // namespace gato::data::hdf5
