#include "gato/base/processors.h"

#include <catch2/catch.hpp>

#include "gato/base/file_io.h"

using namespace gato::base;

namespace {

namespace fs = std::filesystem;

void write_group_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  write_file(path, text, true);
}

}  // namespace

TEST_CASE("The quota of processors is the smallest of nested control groups") {
  const TemporaryDirectory directory("gato-test");
  const fs::path root = directory.path();
  const std::string version_2 = "0::/batch/job-7\n";
  CHECK_FALSE(processor_quota(version_2, root));
  write_group_file(root / "batch/job-7/cpu.max", "max 100000\n");
  CHECK_FALSE(processor_quota(version_2, root));
  write_group_file(root / "batch/cpu.max", "250000 100000\n");
  CHECK(processor_quota(version_2, root) == 2.5);
  write_group_file(root / "batch/job-7/cpu.max", "50000 100000\n");
  CHECK(processor_quota(version_2, root) == 0.5);
  // In a container, whose root is that of its own group.
  CHECK(processor_quota("0::/\n", root / "batch") == 2.5);
  CHECK_FALSE(processor_quota("", root));
  CHECK_FALSE(processor_quota("not a line\n", root));
}

TEST_CASE("Control groups of version 1 have quotas, too") {
  const TemporaryDirectory directory("gato-test");
  const fs::path root = directory.path();
  const std::string memberships =
      "4:memory:/docker/3f\n3:cpu,cpuacct:/docker/3f\n2:cpuset:/\n";
  write_group_file(root / "cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write_group_file(root / "cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(processor_quota(memberships, root));
  // The path of the host does not exist in the container.
  write_group_file(root / "cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
  CHECK(processor_quota(memberships, root) == 4.0);
  write_group_file(root / "cpu,cpuacct/docker/3f/cpu.cfs_quota_us", "100000\n");
  write_group_file(root / "cpu,cpuacct/docker/3f/cpu.cfs_period_us", "50000\n");
  CHECK(processor_quota(memberships, root) == 2.0);
  fs::rename(root / "cpu,cpuacct", root / "cpu");
  CHECK(processor_quota(memberships, root) == 2.0);
}

TEST_CASE("At least one processor is available") {
  CHECK(available_processors() >= 1);
}
