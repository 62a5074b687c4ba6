// --role KEY=ROLE: roles in place of those that spaces and types suggest.
//
// Fields of datasets that come without spaces: D4RL and robomimic.
#pragma once

#include <map>
#include <string>

#include "gato/data/hdf5.h"
#include "gato/data/space.h"
#include "gato/data/task.h"

namespace gato::ingest {

// Gives the keys of `spec` these roles and puts its fields into token order
// again. Error (usage) for a key that `dataset` does not have, or whose values
// cannot play the role.
void apply_roles(const std::map<std::string, data::Role>& roles,
                 const std::string& dataset, data::TaskSpec& spec);

// What a dataset of [rows, shape...] holds: texts, or numbers without bounds.
// The role is that which the type suggests. Error (bad_input) for elements that
// are neither.
data::Field infer_observation_field(const data::hdf5::Dataset& dataset,
                                    const std::string& name);

// The same for the actions: real numbers lie in [-1, 1]; whole ones are
// choices, counted from 0.
data::Field infer_action_field(const data::hdf5::Dataset& dataset);

}  // namespace gato::ingest
