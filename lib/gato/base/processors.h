// The processors that this process may use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace gato::base {

// Returns the number of processors on which the calling thread may run, at
// least 1: those that its affinity allows (taskset, Slurm, --cpuset-cpus of
// Docker), or fewer if the cgroup of the process has a CPU quota (--cpus of
// Docker, CPU limits of Kubernetes). A quota is rounded up.
int64_t available_processors();

// Returns whether the affinity of the calling thread excludes processors of the
// machine. Launchers bind each process that they start to its own set of
// processors.
bool is_bound_to_processors();

// Returns the smallest CPU quota, in processors, of a cgroup and its ancestors,
// or nullopt if none of them has a quota. `memberships` is the content of
// /proc/self/cgroup, and `root` the directory where cgroups are mounted.
// Supports cgroups v1 and v2.
std::optional<double> processor_quota(const std::string& memberships,
                                      const std::filesystem::path& root);

}  // namespace gato::base
