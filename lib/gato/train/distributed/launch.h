// Which of how many processes this one is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace gato::train {

struct LaunchInfo {
  // Who started the processes: "torchrun", "mpirun", "srun", "--processes";
  // empty for a process alone.
  std::string launcher;
  int64_t rank = 0, world_size = 1;
  int64_t local_rank = 0, local_world_size = 1;  // among those of this machine
  // Where rank 0 is, and the port that it serves the others on.
  std::string master_host = "127.0.0.1";
  uint16_t master_port = 0;
  // The launcher itself serves there, and rank 0 is a client too.
  bool has_external_store = false;
  // Rank 0 of --processes: the socket that listens there already; else -1.
  int listen_fd = -1;
  // Told apart from what an earlier attempt left at a launcher that serves.
  std::string attempt = "0";

  bool is_single_process() const { return world_size == 1; }
  bool is_single_node() const { return local_world_size == world_size; }
};

// A variable of the environment, none where it is unset or empty.
using EnvVarLookup =
    std::function<std::optional<std::string>(const std::string& name)>;
EnvVarLookup getenv_lookup();

// By the variables that the launcher has set, the first of these that it finds:
//   torchrun  WORLD_SIZE, RANK, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR,
//             MASTER_PORT; any program may set them
//   mpirun    OMPI_COMM_WORLD_{SIZE,RANK,LOCAL_SIZE,LOCAL_RANK} of Open MPI
//   srun      SLURM_STEP_NUM_TASKS, SLURM_PROCID, SLURM_LOCALID, ...
// mpirun comes before srun: within a job of Slurm its processes have the
// variables of both, and those of srun are of the daemon that started them.
// srun sets the variables of a step; those of the job alone, in a batch script
// or a shell of salloc, start nothing. MASTER_ADDR and MASTER_PORT win over
// what is derived: the first host of the step, a port that follows from the
// job.
// Error (usage) names a variable that is missing or makes no sense.
LaunchInfo detect_launch(const EnvVarLookup& environment);

}  // namespace gato::train
