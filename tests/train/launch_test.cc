// Detection of the launcher from environment variables.
#include "gato/train/distributed/launch.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "gato/base/error.h"
#include "gato/train/distributed/slurm_host_list.h"

using namespace gato;
using namespace gato::train;
using Catch::Contains;

namespace {

using Variables = std::map<std::string, std::string>;

LaunchInfo launch(const Variables& variables) {
  return detect_launch([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt
                                    : std::optional(found->second);
  });
}

const Variables kSrunVariables = {{"SLURM_JOB_ID", "42"},
                                  {"SLURM_STEP_ID", "0"},
                                  {"SLURM_STEP_NUM_TASKS", "5"},
                                  {"SLURM_STEP_TASKS_PER_NODE", "2(x2),1"},
                                  {"SLURM_STEP_NODELIST", "n[08-10]"},
                                  {"SLURM_PROCID", "3"},
                                  {"SLURM_NODEID", "1"},
                                  {"SLURM_LOCALID", "1"},
                                  {"SLURM_NTASKS", "5"}};

const Variables kMpirunVariables = {{"OMPI_COMM_WORLD_SIZE", "2"},
                                    {"OMPI_COMM_WORLD_RANK", "1"},
                                    {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                                    {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                    {"PMIX_NAMESPACE", "1234"}};

const Variables kTorchrunVariables = {
    {"WORLD_SIZE", "4"},     {"RANK", "3"},
    {"LOCAL_RANK", "1"},     {"LOCAL_WORLD_SIZE", "2"},
    {"MASTER_ADDR", "head"}, {"MASTER_PORT", "29500"}};

// Returns the union. Values in `overrides` have precedence.
Variables merge(Variables overrides, const Variables& variables) {
  overrides.insert(variables.begin(), variables.end());
  return overrides;
}

Variables without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

}  // namespace

TEST_CASE("Host lists are expanded as Slurm expands them") {
  using Names = std::vector<std::string>;
  CHECK(expand_host_list("login") == Names{"login"});
  CHECK(expand_host_list("n[01-03,7],login") ==
        Names{"n01", "n02", "n03", "n7", "login"});
  CHECK(expand_host_list("a[9-11]") == Names{"a9", "a10", "a11"});
  CHECK(expand_host_list("rack[1-2]n[08,10].x") ==
        Names{"rack1n08.x", "rack1n10.x", "rack2n08.x", "rack2n10.x"});
  for (const char* bad :
       {"", "n[", "n]1[", "n[1-", "n[2-1]", "n[a]", "n[[1]]", "a,,b",
        "n[1-999999999]", "n[]", "n[1-999]m[1-999]"}) {
    INFO(bad);
    CHECK_THROWS_AS(expand_host_list(bad), base::Error);
  }
  CHECK(expand_tasks_per_node("2(x3),1") == std::vector<int64_t>{2, 2, 2, 1});
  CHECK(expand_tasks_per_node("16") == std::vector<int64_t>{16});
  for (const char* bad : {"", "2(x", "2(x)", "x", "2(3)", "1(x999999)"}) {
    INFO(bad);
    CHECK_THROWS_AS(expand_tasks_per_node(bad), base::Error);
  }
}

TEST_CASE("A process without a launcher is a single process") {
  CHECK(launch({}).is_single_process());
  CHECK(launch({}).launcher.empty());
  // A batch script has the variables of the job, but starts no step.
  CHECK(launch({{"SLURM_JOB_ID", "42"},
                {"SLURM_NTASKS", "8"},
                {"SLURM_PROCID", "0"}})
            .is_single_process());
  CHECK(launch({{"SLURM_STEP_NUM_TASKS", "1"}}).is_single_process());
  CHECK(launch({{"WORLD_SIZE", "1"}}).is_single_process());
  CHECK(launch({{"OMPI_COMM_WORLD_SIZE", "1"}}).is_single_process());
}

TEST_CASE("The variables of torchrun are used unchanged") {
  const LaunchInfo info = launch(kTorchrunVariables);
  CHECK(info.launcher == "torchrun");
  CHECK(info.rank == 3);
  CHECK(info.world_size == 4);
  CHECK(info.local_rank == 1);
  CHECK(info.local_world_size == 2);
  CHECK(info.master_host == "head");
  CHECK(info.master_port == 29500);
  CHECK_FALSE(info.has_external_store);
  const LaunchInfo with_agent_store =
      launch(merge({{"TORCHELASTIC_USE_AGENT_STORE", "True"},
                    {"TORCHELASTIC_RESTART_COUNT", "2"}},
                   kTorchrunVariables));
  CHECK(with_agent_store.has_external_store);
  CHECK(with_agent_store.attempt == "2");
  for (const char* name : {"RANK", "MASTER_ADDR", "MASTER_PORT"}) {
    CHECK_THROWS_WITH(launch(without(kTorchrunVariables, name)),
                      Contains(name));
  }
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"RANK", "4"},
                                                        {"RANK", "-1"},
                                                        {"WORLD_SIZE", "x"},
                                                        {"LOCAL_RANK", "2"},
                                                        {"MASTER_PORT", "0"}}) {
    INFO(name << " = " << value);
    CHECK_THROWS_AS(launch(merge({{name, value}}, kTorchrunVariables)),
                    base::Error);
  }
}

TEST_CASE(
    "srun: the master is the first host of the step, the port depends on the "
    "job") {
  const LaunchInfo info = launch(kSrunVariables);
  CHECK(info.launcher == "srun");
  CHECK(info.rank == 3);
  CHECK(info.world_size == 5);
  CHECK(info.local_rank == 1);
  CHECK(info.local_world_size == 2);
  CHECK(info.master_host == "n08");
  CHECK(info.master_port >= 20000);
  CHECK(info.master_port < 32000);
  CHECK(launch(merge({{"SLURM_PROCID", "4"},
                      {"SLURM_NODEID", "2"},
                      {"SLURM_LOCALID", "0"}},
                     kSrunVariables))
            .master_port == info.master_port);
  CHECK(launch(merge({{"SLURM_STEP_ID", "1"}}, kSrunVariables)).master_port !=
        info.master_port);
  const LaunchInfo overridden = launch(merge(
      {{"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "5000"}}, kSrunVariables));
  CHECK(overridden.master_host == "10.0.0.1");
  CHECK(overridden.master_port == 5000);
  CHECK_THROWS_WITH(launch(merge({{"SLURM_NODEID", "3"}}, kSrunVariables)),
                    Contains("SLURM_NODEID"));
}

TEST_CASE(
    "mpirun has precedence over srun and needs MASTER_ADDR on several "
    "machines") {
  const LaunchInfo info = launch(merge(kMpirunVariables, kSrunVariables));
  CHECK(info.launcher == "mpirun");
  CHECK(info.rank == 1);
  CHECK(info.world_size == 2);
  CHECK(info.master_host == "127.0.0.1");
  const Variables two_hosts = merge({{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
                                     {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}},
                                    kMpirunVariables);
  CHECK_THROWS_WITH(launch(two_hosts), Contains("MASTER_ADDR"));
  CHECK(launch(merge({{"MASTER_ADDR", "head"}}, two_hosts)).master_host ==
        "head");
  CHECK(launch(merge({{"SLURM_JOB_NODELIST", "n[3-4]"}}, two_hosts))
            .master_host == "n3");
  CHECK(launch(merge(kTorchrunVariables, kMpirunVariables)).launcher ==
        "torchrun");
}
