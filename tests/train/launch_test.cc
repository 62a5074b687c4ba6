// Ranks from the variables that launchers set.
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

const Variables of_srun = {{"SLURM_JOB_ID", "42"},
                           {"SLURM_STEP_ID", "0"},
                           {"SLURM_STEP_NUM_TASKS", "5"},
                           {"SLURM_STEP_TASKS_PER_NODE", "2(x2),1"},
                           {"SLURM_STEP_NODELIST", "n[08-10]"},
                           {"SLURM_PROCID", "3"},
                           {"SLURM_NODEID", "1"},
                           {"SLURM_LOCALID", "1"},
                           {"SLURM_NTASKS", "5"}};

const Variables of_mpirun = {{"OMPI_COMM_WORLD_SIZE", "2"},
                             {"OMPI_COMM_WORLD_RANK", "1"},
                             {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                             {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                             {"PMIX_NAMESPACE", "1234"}};

const Variables of_torchrun = {
    {"WORLD_SIZE", "4"},     {"RANK", "3"},
    {"LOCAL_RANK", "1"},     {"LOCAL_WORLD_SIZE", "2"},
    {"MASTER_ADDR", "head"}, {"MASTER_PORT", "29500"}};

// The first ones win.
Variables joined(Variables first, const Variables& second) {
  first.insert(second.begin(), second.end());
  return first;
}

Variables without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

}  // namespace

TEST_CASE("lists of hosts are expanded as Slurm means them") {
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

TEST_CASE("a process that nobody launched is alone") {
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

TEST_CASE("torchrun: what it says is taken as it is") {
  const LaunchInfo one = launch(of_torchrun);
  CHECK(one.launcher == "torchrun");
  CHECK(one.rank == 3);
  CHECK(one.world_size == 4);
  CHECK(one.local_rank == 1);
  CHECK(one.local_world_size == 2);
  CHECK(one.master_host == "head");
  CHECK(one.master_port == 29500);
  CHECK_FALSE(one.has_external_store);
  const LaunchInfo served =
      launch(joined({{"TORCHELASTIC_USE_AGENT_STORE", "True"},
                     {"TORCHELASTIC_RESTART_COUNT", "2"}},
                    of_torchrun));
  CHECK(served.has_external_store);
  CHECK(served.attempt == "2");
  for (const char* name : {"RANK", "MASTER_ADDR", "MASTER_PORT"}) {
    CHECK_THROWS_WITH(launch(without(of_torchrun, name)), Contains(name));
  }
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"RANK", "4"},
                                                        {"RANK", "-1"},
                                                        {"WORLD_SIZE", "x"},
                                                        {"LOCAL_RANK", "2"},
                                                        {"MASTER_PORT", "0"}}) {
    INFO(name << " = " << value);
    CHECK_THROWS_AS(launch(joined({{name, value}}, of_torchrun)), base::Error);
  }
}

TEST_CASE(
    "srun: the first host of the step, a port that follows from the job") {
  const LaunchInfo one = launch(of_srun);
  CHECK(one.launcher == "srun");
  CHECK(one.rank == 3);
  CHECK(one.world_size == 5);
  CHECK(one.local_rank == 1);
  CHECK(one.local_world_size == 2);
  CHECK(one.master_host == "n08");
  CHECK(one.master_port >= 20000);
  CHECK(one.master_port < 32000);
  CHECK(launch(joined({{"SLURM_PROCID", "4"},
                       {"SLURM_NODEID", "2"},
                       {"SLURM_LOCALID", "0"}},
                      of_srun))
            .master_port == one.master_port);
  CHECK(launch(joined({{"SLURM_STEP_ID", "1"}}, of_srun)).master_port !=
        one.master_port);
  const LaunchInfo chosen = launch(
      joined({{"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "5000"}}, of_srun));
  CHECK(chosen.master_host == "10.0.0.1");
  CHECK(chosen.master_port == 5000);
  CHECK_THROWS_WITH(launch(joined({{"SLURM_NODEID", "3"}}, of_srun)),
                    Contains("SLURM_NODEID"));
}

TEST_CASE("mpirun comes before srun, and asks for rank 0 on many machines") {
  const LaunchInfo one = launch(joined(of_mpirun, of_srun));
  CHECK(one.launcher == "mpirun");
  CHECK(one.rank == 1);
  CHECK(one.world_size == 2);
  CHECK(one.master_host == "127.0.0.1");
  const Variables many = joined({{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
                                 {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}},
                                of_mpirun);
  CHECK_THROWS_WITH(launch(many), Contains("MASTER_ADDR"));
  CHECK(launch(joined({{"MASTER_ADDR", "head"}}, many)).master_host == "head");
  CHECK(launch(joined({{"SLURM_JOB_NODELIST", "n[3-4]"}}, many)).master_host ==
        "n3");
  CHECK(launch(joined(of_torchrun, of_mpirun)).launcher == "torchrun");
}
