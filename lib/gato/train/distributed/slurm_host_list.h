// The list formats of Slurm's environment variables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gato::train {

// Expands a host list, keeping its order: "n[01-03,7],login" becomes n01 n02
// n03 n7 login. A name may have several brackets. Throws Error(usage) if the
// list is malformed or names more than 65,536 hosts.
std::vector<std::string> expand_host_list(std::string_view list);

// Returns the number of tasks of each node: "2(x3),1" becomes 2 2 2 1. Throws
// Error(usage) if the list is malformed.
std::vector<int64_t> expand_tasks_per_node(std::string_view list);

}  // namespace gato::train
