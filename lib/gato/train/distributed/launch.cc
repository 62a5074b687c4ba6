#include "gato/train/distributed/launch.h"

#include <cstdlib>
#include <utility>

#include "gato/base/digest.h"
#include "gato/base/parse_number.h"
#include "gato/train/distributed/slurm_host_list.h"

// A table lists the launchers. The variable with the number of processes
// identifies a launcher, and a function reads its other variables, unless there
// is only one process.
namespace gato::train {
namespace {

// Reads the variables of one launcher as text or as numbers.
class EnvVarReader {
 public:
  // `size_variable` is the variable from which the launcher was detected, and
  // which makes the others necessary.
  EnvVarReader(const EnvVarLookup& environment, std::string size_variable)
      : environment_(environment), size_variable_(std::move(size_variable)) {}

  std::optional<std::string> get(const std::string& name) const {
    return environment_(name);
  }
  // Throws Error(usage) if the variable is unset.
  std::string require(const std::string& name) const {
    if (const auto value = environment_(name)) {
      return *value;
    }
    throw base::usage_error(
        "environment: {} is set, but {} is not: set it, or unset {} to train "
        "in a single process",
        size_variable_, name, size_variable_);
  }
  std::optional<int64_t> get_number(const std::string& name) const {
    const auto value = environment_(name);
    if (!value) {
      return std::nullopt;
    }
    return parse(name, *value);
  }
  int64_t require_number(const std::string& name) const {
    return parse(name, require(name));
  }

 private:
  static int64_t parse(const std::string& name, const std::string& value) {
    return base::parse_number<int64_t>(value, "environment: " + name);
  }

  const EnvVarLookup& environment_;
  const std::string size_variable_;
};

uint16_t validate_port(int64_t port) {
  if (port < 1 || port > 65535) {
    throw base::usage_error(
        "environment: MASTER_PORT is {}: it must be between 1 and 65535", port);
  }
  return static_cast<uint16_t>(port);
}

// Returns a port that is the same for all processes of a job and differs
// between most jobs. It is below 32,768, where the ephemeral ports of Linux
// begin.
uint16_t derive_port(const std::string& job) {
  constexpr uint64_t kFirstPort = 20000, kPortCount = 12000;
  return static_cast<uint16_t>(
      kFirstPort +
      std::stoull(base::digest_bytes(job), nullptr, 16) % kPortCount);
}

void validate(const LaunchInfo& launch) {
  if (launch.world_size < 1 || launch.rank < 0 ||
      launch.rank >= launch.world_size || launch.local_rank < 0 ||
      launch.local_rank >= launch.local_world_size ||
      launch.local_world_size > launch.world_size) {
    throw base::usage_error(
        "environment: the variables of {} are inconsistent: rank {} of {}, "
        "local rank {} of {}",
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

void read_torchrun(const EnvVarReader& variables, LaunchInfo& launch) {
  launch.rank = variables.require_number("RANK");
  launch.master_host = variables.require("MASTER_ADDR");
  launch.master_port = validate_port(variables.require_number("MASTER_PORT"));
  const bool is_local =
      launch.master_host == "localhost" || launch.master_host == "127.0.0.1";
  launch.local_rank =
      variables.get_number("LOCAL_RANK").value_or(is_local ? launch.rank : 0);
  launch.local_world_size = variables.get_number("LOCAL_WORLD_SIZE")
                                .value_or(is_local ? launch.world_size : 1);
  if (variables.get("TORCHELASTIC_USE_AGENT_STORE") == "True") {
    launch.has_external_store = true;
    launch.attempt = variables.get("TORCHELASTIC_RESTART_COUNT").value_or("0");
  }
}

void read_mpirun(const EnvVarReader& variables, LaunchInfo& launch) {
  launch.rank = variables.require_number("OMPI_COMM_WORLD_RANK");
  launch.local_rank = variables.require_number("OMPI_COMM_WORLD_LOCAL_RANK");
  launch.local_world_size =
      variables.require_number("OMPI_COMM_WORLD_LOCAL_SIZE");
  const std::string job =
      variables.get("PMIX_NAMESPACE")
          .value_or(variables.get("SLURM_JOB_ID").value_or("mpirun"));
  set_master_address(variables, job, variables.get("SLURM_JOB_NODELIST"),
                     launch);
}

void read_srun(const EnvVarReader& variables, LaunchInfo& launch) {
  launch.rank = variables.require_number("SLURM_PROCID");
  launch.local_rank = variables.require_number("SLURM_LOCALID");
  const auto tasks =
      expand_tasks_per_node(variables.require("SLURM_STEP_TASKS_PER_NODE"));
  const int64_t node = variables.require_number("SLURM_NODEID");
  if (node < 0 || node >= std::ssize(tasks)) {
    throw base::usage_error(
        "environment: SLURM_NODEID is {}, but SLURM_STEP_TASKS_PER_NODE lists "
        "{} nodes",
        node, tasks.size());
  }
  launch.local_world_size = tasks[node];
  const std::string job = variables.require("SLURM_JOB_ID") + "." +
                          variables.get("SLURM_STEP_ID").value_or("0");
  set_master_address(variables, job, variables.get("SLURM_STEP_NODELIST"),
                     launch);
}

struct Launcher {
  const char* name;
  const char* size_variable;  // the number of processes
  // Reads the other variables of a job of several processes.
  void (*read)(const EnvVarReader& variables, LaunchInfo& launch);
};

// The order matters (see detect_launch).
constexpr Launcher kLaunchers[] = {
    {"torchrun", "WORLD_SIZE", read_torchrun},
    {"mpirun", "OMPI_COMM_WORLD_SIZE", read_mpirun},
    {"srun", "SLURM_STEP_NUM_TASKS", read_srun},
};

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
  LaunchInfo launch;
  for (const Launcher& launcher : kLaunchers) {
    if (!environment(launcher.size_variable)) {
      continue;
    }
    const EnvVarReader variables(environment, launcher.size_variable);
    launch.launcher = launcher.name;
    launch.world_size = variables.require_number(launcher.size_variable);
    if (launch.world_size != 1) {
      launcher.read(variables, launch);
    }
    break;
  }
  validate(launch);
  return launch;
}

}  // namespace gato::train
