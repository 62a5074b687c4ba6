// --role KEY=ROLE: roles in place of those that spaces and types suggest.
#pragma once

#include <map>
#include <string>

#include "gato/data/episode.h"

namespace gato {

// Gives the keys of `spec` these roles and puts its fields into token order
// again. Error (usage) for a key that `dataset` does not have, or whose values
// cannot play the role.
void apply_roles(const std::map<std::string, Role>& roles,
                 const std::string& dataset, TaskSpec& spec);

}  // namespace gato
