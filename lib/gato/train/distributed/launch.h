// The rank of this process and the size of its job, as set by the launcher.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace gato::train {

struct LaunchInfo {
  // The program that started the processes: "torchrun", "mpirun", "srun" or
  // "--processes"; empty for a single process.
  std::string launcher;
  int64_t rank = 0, world_size = 1;
  int64_t local_rank = 0, local_world_size = 1;  // on this machine
  // The host of rank 0 and the port on which it serves the other ranks.
  std::string master_host = "127.0.0.1";
  uint16_t master_port = 0;
  // True if the launcher itself serves there, so that rank 0 is a client too.
  bool has_external_store = false;
  // The socket that already listens on master_port (rank 0 of --processes
  // only); else -1.
  int listen_fd = -1;
  // Number of restarts. Separates the keys of this attempt from those that an
  // earlier attempt left in an external store.
  std::string attempt = "0";

  bool is_single_process() const { return world_size == 1; }
  bool is_single_node() const { return local_world_size == world_size; }
};

// A function that returns the value of an environment variable, or nullopt if
// it is unset or empty.
using EnvVarLookup =
    std::function<std::optional<std::string>(const std::string& name)>;
EnvVarLookup getenv_lookup();

// Reads the variables of the first of these launchers that is found in the
// environment:
//   torchrun  WORLD_SIZE, RANK, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
//             MASTER_PORT; other programs may set them too
//   mpirun    OMPI_COMM_WORLD_{SIZE,RANK,LOCAL_SIZE,LOCAL_RANK} of Open MPI
//   srun      SLURM_STEP_NUM_TASKS, SLURM_PROCID, SLURM_LOCALID, ...
// mpirun comes before srun because its processes have the variables of both
// inside a Slurm job, and those of srun then describe the daemon that started
// them. Only the variables of a Slurm step count: a batch script or an salloc
// shell has those of the job, but is a single process. MASTER_ADDR and
// MASTER_PORT override the derived values, which are the first host of the step
// and a port computed from the job id.
//
// Throws Error(usage), naming the variable, if one is missing or invalid.
LaunchInfo detect_launch(const EnvVarLookup& environment);

}  // namespace gato::train
