// Data that an HDF5 file refers to but stores elsewhere: the targets of soft
// and external links, the sources of virtual datasets and the raw data files of
// external datasets. libhdf5 reads fill values, and reports no error, if a
// source of a virtual dataset is missing or unreadable, and zeros beyond the
// end of a raw data file. These checks therefore come before any read.
#pragma once

#include <filesystem>
#include <string>

#include "gato/data/hdf5/hdf5.h"

namespace gato::data::hdf5 {

// Throws the error of a link that exists but cannot be followed: Error(io) if
// an external link names a file that is missing or cannot be read, otherwise
// Error(bad_input).
[[noreturn]] void throw_broken_link(const Group& group,
                                    const std::string& path);

// Returns the access properties that a virtual or external dataset must be
// opened with; invalid if it can remain open as it is.
Handle source_access_properties(const Dataset& dataset);

// Checks all sources of a virtual dataset, which may be virtual themselves, and
// all raw data files of an external one. Throws Error(io) if a file is missing
// or cannot be read, and Error(bad_input) if it is not an HDF5 file, if the
// dataset within it is missing, or if it contains fewer elements than the
// dataset refers to. `dataset` must have been opened with
// source_access_properties().
void check_sources(const Dataset& dataset);

}  // namespace gato::data::hdf5
