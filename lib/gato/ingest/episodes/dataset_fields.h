// The fields of datasets: explicit roles (--role KEY=ROLE), and fields inferred
// from datasets that come without spaces (D4RL, robomimic).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gato/data/hdf5/hdf5.h"
#include "gato/data/space.h"
#include "gato/data/task.h"

namespace gato::ingest {

// Assigns roles to the fields of `spec` by key and restores token order. Throws
// Error(usage) if a key does not exist or if its values cannot have the role.
// `dataset` names the dataset in messages.
void apply_roles(const std::map<std::string, data::Role>& roles,
                 const std::string& dataset, data::TaskSpec& spec);

// Returns whether one of the fields has this name.
bool has_field(const std::vector<data::Field>& fields, const std::string& name);

// Returns the field of a dataset [rows, shape...] of texts, of compressed
// images or of numbers, which are unbounded. The role follows from the type and
// the content, unless `roles` says that numbers or texts are not images. Throws
// Error(bad_input) if the elements are none of these.
data::Field infer_observation_field(
    const data::hdf5::Dataset& dataset, const std::string& name,
    const std::map<std::string, data::Role>& roles);

// Returns the field of a dataset of actions: real numbers are bounded by
// [-1, 1], integers are discrete choices counted from 0.
data::Field infer_action_field(const data::hdf5::Dataset& dataset);

}  // namespace gato::ingest
