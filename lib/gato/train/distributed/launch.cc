#include "gato/train/distributed/launch.h"

#include <cstdlib>

#include "gato/base/digest.h"
#include "gato/base/parse_number.h"
#include "gato/train/distributed/slurm_host_list.h"

// Each launcher has a function that reads its variables, with the error
// messages naming those that are missing. The variable that says how many
// processes there are identifies the launcher; a size of 1 is a single process,
// for which the other variables are not read.
namespace gato::train {
namespace {

// Reads variables as text or as numbers.
class EnvVarReader {
 public:
  explicit EnvVarReader(const EnvVarLookup& environment)
      : environment_(environment) {}

  std::optional<std::string> get(const std::string& name) const {
    return environment_(name);
  }
  // Throws Error(usage) if the variable `name` is unset. `with` is the variable
  // that makes it necessary.
  std::string require(const std::string& name, const char* with) const {
    if (const auto value = environment_(name)) {
      return *value;
    }
    throw base::usage_error(
        "the environment has {} but no {}; a process that trains alone needs "
        "{} unset",
        with, name, with);
  }
  std::optional<int64_t> get_number(const std::string& name) const {
    const auto value = environment_(name);
    if (!value) {
      return std::nullopt;
    }
    return base::parse_number<int64_t>(*value, "environment: " + name);
  }
  int64_t require_number(const std::string& name, const char* with) const {
    return base::parse_number<int64_t>(require(name, with),
                                       "environment: " + name);
  }

 private:
  const EnvVarLookup& environment_;
};

uint16_t validate_port(int64_t port) {
  if (port < 1 || port > 65535) {
    throw base::usage_error(
        "environment: MASTER_PORT is {}, not within 1 to 65535", port);
  }
  return static_cast<uint16_t>(port);
}

// Returns a port that is the same for all processes of a job and differs
// between most jobs. It is below 32,768, where the ephemeral ports of Linux
// begin.
uint16_t derive_port(const std::string& job) {
  constexpr uint64_t first = 20000, ports = 12000;
  return static_cast<uint16_t>(
      first + std::stoull(base::digest_bytes(job), nullptr, 16) % ports);
}

void validate(const LaunchInfo& launch) {
  if (launch.world_size < 1 || launch.rank < 0 ||
      launch.rank >= launch.world_size || launch.local_rank < 0 ||
      launch.local_rank >= launch.local_world_size ||
      launch.local_world_size > launch.world_size) {
    throw base::usage_error(
        "environment: {} says that this is rank {} of {}, on its machine {} of "
        "{}",
        launch.launcher, launch.rank, launch.world_size, launch.local_rank,
        launch.local_world_size);
  }
}

// Sets the master address from MASTER_ADDR and MASTER_PORT or, if they are
// unset, from the first of `hosts` and from the name of the job.
void set_master_address(const EnvVarReader& variables, const std::string& job,
                        const std::optional<std::string>& hosts,
                        LaunchInfo& launch) {
  const auto port = variables.get_number("MASTER_PORT");
  launch.master_port = port ? validate_port(*port) : derive_port(job);
  if (const auto host = variables.get("MASTER_ADDR")) {
    launch.master_host = *host;
  } else if (!launch.is_single_node()) {
    if (!hosts) {
      throw base::usage_error(
          "{} has started processes on several machines: set MASTER_ADDR to "
          "the host of rank 0 (mpirun -x MASTER_ADDR=HOST)",
          launch.launcher);
    }
    launch.master_host = expand_host_list(*hosts).front();
  }
}

LaunchInfo read_torchrun(const EnvVarReader& variables) {
  constexpr const char* size = "WORLD_SIZE";
  LaunchInfo launch;
  launch.launcher = "torchrun";
  launch.world_size = variables.require_number(size, size);
  if (launch.world_size == 1) {
    return launch;
  }
  launch.rank = variables.require_number("RANK", size);
  launch.master_host = variables.require("MASTER_ADDR", size);
  launch.master_port =
      validate_port(variables.require_number("MASTER_PORT", size));
  const bool is_here =
      launch.master_host == "localhost" || launch.master_host == "127.0.0.1";
  launch.local_rank =
      variables.get_number("LOCAL_RANK").value_or(is_here ? launch.rank : 0);
  launch.local_world_size = variables.get_number("LOCAL_WORLD_SIZE")
                                .value_or(is_here ? launch.world_size : 1);
  if (variables.get("TORCHELASTIC_USE_AGENT_STORE") == "True") {
    launch.has_external_store = true;
    launch.attempt = variables.get("TORCHELASTIC_RESTART_COUNT").value_or("0");
  }
  return launch;
}

LaunchInfo read_mpirun(const EnvVarReader& variables) {
  constexpr const char* size = "OMPI_COMM_WORLD_SIZE";
  LaunchInfo launch;
  launch.launcher = "mpirun";
  launch.world_size = variables.require_number(size, size);
  if (launch.world_size == 1) {
    return launch;
  }
  launch.rank = variables.require_number("OMPI_COMM_WORLD_RANK", size);
  launch.local_rank =
      variables.require_number("OMPI_COMM_WORLD_LOCAL_RANK", size);
  launch.local_world_size =
      variables.require_number("OMPI_COMM_WORLD_LOCAL_SIZE", size);
  const std::string job =
      variables.get("PMIX_NAMESPACE")
          .value_or(variables.get("SLURM_JOB_ID").value_or("mpirun"));
  set_master_address(variables, job, variables.get("SLURM_JOB_NODELIST"),
                     launch);
  return launch;
}

LaunchInfo read_srun(const EnvVarReader& variables) {
  constexpr const char* size = "SLURM_STEP_NUM_TASKS";
  LaunchInfo launch;
  launch.launcher = "srun";
  launch.world_size = variables.require_number(size, size);
  if (launch.world_size == 1) {
    return launch;
  }
  launch.rank = variables.require_number("SLURM_PROCID", size);
  launch.local_rank = variables.require_number("SLURM_LOCALID", size);
  const auto tasks = expand_tasks_per_node(
      variables.require("SLURM_STEP_TASKS_PER_NODE", size));
  const int64_t node = variables.require_number("SLURM_NODEID", size);
  if (node < 0 || node >= std::ssize(tasks)) {
    throw base::usage_error(
        "environment: SLURM_NODEID is {}, but SLURM_STEP_TASKS_PER_NODE has {} "
        "nodes",
        node, tasks.size());
  }
  launch.local_world_size = tasks[node];
  const std::string job = variables.require("SLURM_JOB_ID", size) + "." +
                          variables.get("SLURM_STEP_ID").value_or("0");
  set_master_address(variables, job, variables.get("SLURM_STEP_NODELIST"),
                     launch);
  return launch;
}

}  // namespace

EnvVarLookup getenv_lookup() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
      return std::nullopt;
    }
    return value;
  };
}

LaunchInfo detect_launch(const EnvVarLookup& environment) {
  const EnvVarReader variables(environment);
  LaunchInfo launch;
  if (variables.get("WORLD_SIZE")) {
    launch = read_torchrun(variables);
  } else if (variables.get("OMPI_COMM_WORLD_SIZE")) {
    launch = read_mpirun(variables);
  } else if (variables.get("SLURM_STEP_NUM_TASKS")) {
    launch = read_srun(variables);
  }
  validate(launch);
  return launch;
}

}  // namespace gato::train
