// Fields of datasets that come without spaces: D4RL and robomimic.
#pragma once

#include <string>

#include "gato/data/hdf5.h"
#include "gato/data/space.h"

namespace gato {

// What a dataset of [rows, shape...] holds: texts, or numbers without bounds.
// The role is that which the type suggests. Error (bad_input) for elements that
// are neither.
Field observation_field(const hdf5::Dataset& dataset, const std::string& name);

// The same for the actions: real numbers lie in [-1, 1]; whole ones are
// choices, counted from 0.
Field action_field(const hdf5::Dataset& dataset);

}  // namespace gato
