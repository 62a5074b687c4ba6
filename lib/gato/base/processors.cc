#include "gato/base/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>

namespace gato::base {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the quota of a group: the time of all its processes together per
// period. Both are in microseconds. A quota of "max" or -1 is none.
std::optional<double> group_quota(const fs::path& group, bool is_version_2) {
  std::istringstream text(is_version_2
                              ? read_text(group / "cpu.max")
                              : read_text(group / "cpu.cfs_quota_us") + " " +
                                    read_text(group / "cpu.cfs_period_us"));
  double quota = 0, period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) {
    return std::nullopt;
  }
  return quota / period;
}

// Returns the smallest quota of the group at `path` below `mount` and the
// groups that contain it. In a container, the path may be one of the host.
std::optional<double> smallest_quota(const fs::path& mount, fs::path path,
                                     bool is_version_2) {
  std::optional<double> smallest;
  while (true) {
    const auto quota = group_quota(mount / path.relative_path(), is_version_2);
    if (quota && (!smallest || *quota < *smallest)) {
      smallest = quota;
    }
    if (!path.has_relative_path()) {
      return smallest;
    }
    path = path.parent_path();
  }
}

int64_t processors_in_affinity() {
  // A mask of 1024 processors is the default of the system's headers.
  cpu_set_t* const set = CPU_ALLOC(1 << 14);
  const size_t size = CPU_ALLOC_SIZE(1 << 14);
  const bool is_known = ::sched_getaffinity(0, size, set) == 0;
  const int64_t count =
      is_known ? CPU_COUNT_S(size, set) : std::thread::hardware_concurrency();
  CPU_FREE(set);
  return std::max<int64_t>(1, count);
}

}  // namespace

std::optional<double> processor_quota(const std::string& memberships,
                                      const fs::path& root) {
  std::optional<double> smallest;
  std::istringstream lines(memberships);
  for (std::string line; std::getline(lines, line);) {
    // "ID:CONTROLLERS:PATH"; version 2 names no controllers.
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_version_2 = controllers.empty();
    const bool has_quota =
        is_version_2 ||
        ("," + controllers + ",").find(",cpu,") != std::string::npos;
    if (!has_quota) {
      continue;
    }
    const fs::path path = line.substr(second + 1);
    // The mount point of version 1 is named after all of its controllers, or
    // there is a link of the name of each of them.
    std::error_code ignored;
    fs::path mount = root / controllers;
    if (!fs::exists(mount, ignored)) {
      mount = root / "cpu";
    }
    if (const auto quota = smallest_quota(mount, path, is_version_2);
        quota && (!smallest || *quota < *smallest)) {
      smallest = quota;
    }
  }
  return smallest;
}

bool is_bound_to_processors() {
  return processors_in_affinity() < ::sysconf(_SC_NPROCESSORS_ONLN);
}

int64_t available_processors() {
  const int64_t count = processors_in_affinity();
  const auto quota =
      processor_quota(read_text("/proc/self/cgroup"), "/sys/fs/cgroup");
  if (!quota) {
    return count;
  }
  return std::clamp<int64_t>(static_cast<int64_t>(std::ceil(*quota)), 1, count);
}

}  // namespace gato::base
