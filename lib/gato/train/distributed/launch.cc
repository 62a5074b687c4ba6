#include "gato/train/distributed/launch.h"

#include <cstdlib>

#include "gato/base/digest.h"
#include "gato/base/number.h"
#include "gato/train/distributed/host_list.h"

namespace gato {
namespace {

class Variables {
 public:
  explicit Variables(const Environment& environment)
      : environment_(environment) {}

  std::optional<std::string> text(const std::string& name) const {
    return environment_(name);
  }
  std::string required(const std::string& name, const char* with) const {
    if (const auto value = environment_(name)) return *value;
    throw usage_error(
        "the environment has {} but no {}; a process that trains alone needs "
        "{} unset",
        with, name, with);
  }
  std::optional<int64_t> number(const std::string& name) const {
    const auto value = environment_(name);
    if (!value) return std::nullopt;
    return parse_number<int64_t>(*value, "environment: " + name);
  }
  int64_t required_number(const std::string& name, const char* with) const {
    return parse_number<int64_t>(required(name, with), "environment: " + name);
  }

 private:
  const Environment& environment_;
};

uint16_t checked_port(int64_t port) {
  if (port < 1 || port > 65535) {
    throw usage_error("environment: MASTER_PORT is {}, not within 1 to 65535",
                      port);
  }
  return static_cast<uint16_t>(port);
}

// The same for all processes of a job, and another for most other jobs; below
// the ports that systems give away by themselves.
uint16_t port_of(const std::string& job) {
  constexpr uint64_t first = 20000, ports = 12000;
  return static_cast<uint16_t>(
      first + std::stoull(digest_bytes(job), nullptr, 16) % ports);
}

void check(const Launch& launch) {
  if (launch.size < 1 || launch.rank < 0 || launch.rank >= launch.size ||
      launch.local_rank < 0 || launch.local_rank >= launch.local_size ||
      launch.local_size > launch.size) {
    throw usage_error(
        "environment: {} says that this is rank {} of {}, on its machine {} of "
        "{}",
        launch.by, launch.rank, launch.size, launch.local_rank,
        launch.local_size);
  }
}

// MASTER_ADDR and MASTER_PORT, or what follows from the job.
void find_meeting_place(const Variables& variables, const std::string& job,
                        const std::optional<std::string>& hosts,
                        Launch& launch) {
  const auto port = variables.number("MASTER_PORT");
  launch.port = port ? checked_port(*port) : port_of(job);
  if (const auto host = variables.text("MASTER_ADDR")) {
    launch.host = *host;
  } else if (!launch.is_on_one_machine()) {
    if (!hosts) {
      throw usage_error(
          "{} has started processes on several machines: set MASTER_ADDR to "
          "the host of rank 0 (mpirun -x MASTER_ADDR=HOST)",
          launch.by);
    }
    launch.host = expand_hosts(*hosts).front();
  }
}

Launch by_torchrun(const Variables& variables) {
  constexpr const char* size = "WORLD_SIZE";
  Launch launch;
  launch.by = "torchrun";
  launch.size = variables.required_number(size, size);
  if (launch.size == 1) return launch;
  launch.rank = variables.required_number("RANK", size);
  launch.host = variables.required("MASTER_ADDR", size);
  launch.port = checked_port(variables.required_number("MASTER_PORT", size));
  const bool is_here = launch.host == "localhost" || launch.host == "127.0.0.1";
  launch.local_rank =
      variables.number("LOCAL_RANK").value_or(is_here ? launch.rank : 0);
  launch.local_size =
      variables.number("LOCAL_WORLD_SIZE").value_or(is_here ? launch.size : 1);
  if (variables.text("TORCHELASTIC_USE_AGENT_STORE") == "True") {
    launch.is_served = true;
    launch.attempt = variables.text("TORCHELASTIC_RESTART_COUNT").value_or("0");
  }
  return launch;
}

Launch by_mpirun(const Variables& variables) {
  constexpr const char* size = "OMPI_COMM_WORLD_SIZE";
  Launch launch;
  launch.by = "mpirun";
  launch.size = variables.required_number(size, size);
  if (launch.size == 1) return launch;
  launch.rank = variables.required_number("OMPI_COMM_WORLD_RANK", size);
  launch.local_rank =
      variables.required_number("OMPI_COMM_WORLD_LOCAL_RANK", size);
  launch.local_size =
      variables.required_number("OMPI_COMM_WORLD_LOCAL_SIZE", size);
  const std::string job =
      variables.text("PMIX_NAMESPACE")
          .value_or(variables.text("SLURM_JOB_ID").value_or("mpirun"));
  find_meeting_place(variables, job, variables.text("SLURM_JOB_NODELIST"),
                     launch);
  return launch;
}

Launch by_srun(const Variables& variables) {
  constexpr const char* size = "SLURM_STEP_NUM_TASKS";
  Launch launch;
  launch.by = "srun";
  launch.size = variables.required_number(size, size);
  if (launch.size == 1) return launch;
  launch.rank = variables.required_number("SLURM_PROCID", size);
  launch.local_rank = variables.required_number("SLURM_LOCALID", size);
  const auto tasks =
      expand_counts(variables.required("SLURM_STEP_TASKS_PER_NODE", size));
  const int64_t node = variables.required_number("SLURM_NODEID", size);
  if (node < 0 || node >= std::ssize(tasks)) {
    throw usage_error(
        "environment: SLURM_NODEID is {}, but SLURM_STEP_TASKS_PER_NODE has {} "
        "nodes",
        node, tasks.size());
  }
  launch.local_size = tasks[node];
  const std::string job = variables.required("SLURM_JOB_ID", size) + "." +
                          variables.text("SLURM_STEP_ID").value_or("0");
  find_meeting_place(variables, job, variables.text("SLURM_STEP_NODELIST"),
                     launch);
  return launch;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Launch launch_from(const Environment& environment) {
  const Variables variables(environment);
  Launch launch;
  if (variables.text("WORLD_SIZE")) {
    launch = by_torchrun(variables);
  } else if (variables.text("OMPI_COMM_WORLD_SIZE")) {
    launch = by_mpirun(variables);
  } else if (variables.text("SLURM_STEP_NUM_TASKS")) {
    launch = by_srun(variables);
  }
  check(launch);
  return launch;
}

}  // namespace gato
