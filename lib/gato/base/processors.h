// The processors that this process may use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace gato::base {

// Returns the number of processors on which the calling thread may run, at
// least 1: those that its affinity allows (taskset, Slurm, --cpuset-cpus of
// Docker), or fewer if the control group of the process has a quota (--cpus of
// Docker, CPU limits of Kubernetes). A quota is rounded up.
int64_t available_processors();

// Returns whether the affinity of the calling thread excludes processors of the
// machine. Launchers bind each of the processes that they start to processors
// of its own.
bool is_bound_to_processors();

// Returns the smallest quota of processors of a control group and the groups
// that contain it; nullopt if there is none. `memberships` is the content of
// /proc/self/cgroup, and `root` the folder where control groups are mounted.
// Knows both versions of control groups.
std::optional<double> processor_quota(const std::string& memberships,
                                      const std::filesystem::path& root);

}  // namespace gato::base
