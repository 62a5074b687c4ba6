// Lists as Slurm writes them into the environment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gato::train {

// "n[01-03,7],login" -> n01 n02 n03 n7 login, in order. A name may have several
// brackets. Error (usage) where it is malformed or names more than 65,536
// hosts.
std::vector<std::string> expand_host_list(std::string_view list);

// "2(x3),1" -> 2 2 2 1: tasks of each node.
std::vector<int64_t> expand_tasks_per_node(std::string_view list);

}  // namespace gato::train
