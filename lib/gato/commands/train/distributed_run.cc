#include "gato/commands/train/distributed_run.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "gato/base/parse_number.h"
#include "gato/base/processors.h"
#include "gato/cli/logging.h"
#include "gato/train/distributed/local_processes.h"

namespace gato::commands {
namespace {

// Returns whether the ranks of this machine share the available processors.
// Launchers may bind each rank to processors of its own.
bool share_processors(const train::LaunchInfo& launch) {
  return launch.launcher == "--processes" || !base::is_bound_to_processors();
}

// The log files are the first rank's; they must not be written twice.
void silence_log(const train::LaunchInfo& launch,
                 const cli::CommandContext& context) {
  cli::init_logging(fmt::format("{}[{}]", context.record.program, launch.rank));
  cli::configure_logging(context.common.log_level, /*quiet=*/true, "");
}

}  // namespace

base::ExitStatus run_distributed(
    const ProcessOptions& options, bool shards_optimizer,
    const cli::CommandContext& context,
    const std::function<base::ExitStatus(train::ProcessGroup&)>& work) {
  train::LaunchInfo launch = train::detect_launch(train::getenv_lookup());
  if (launch.is_single_process() && options.processes > 1) {
    const train::ForkResult local = train::fork_local_ranks(options.processes);
    if (local.exit_status) {
      return *local.exit_status;
    }
    launch = local.launch;
  }
  if (launch.rank > 0) {
    silence_log(launch, context);
  }
  if (launch.rank == 0) {
    warn_of_too_many_threads(launch, context);
  }
  if (launch.is_single_process()) {
    train::ProcessGroup single_process;
    return work(single_process);
  }
  train::ProcessGroup process_group(
      launch,
      base::parse_duration(options.rank_timeout, "option --rank-timeout"));
  if (options.processes > 1 && launch.launcher != "--processes") {
    spdlog::info("--processes {} has no effect: {} started the processes",
                 options.processes, launch.launcher);
  }
  spdlog::info(
      "{} ranks started by {}, {} on this host; rendezvous at {}:{}; {} "
      "threads each{}",
      launch.world_size, launch.launcher, launch.local_world_size,
      launch.master_host, launch.master_port,
      threads_per_process(launch, context),
      shards_optimizer ? "; sharding the optimizer" : "");
  return process_group.run([&] { return work(process_group); });
}

int64_t threads_per_process(const train::LaunchInfo& launch,
                            const cli::CommandContext& context) {
  const int64_t threads = context.common.threads;
  const bool is_given =
      context.record.configuration.value("threads", int64_t{0}) > 0;
  if (is_given || !share_processors(launch)) {
    return threads;
  }
  return std::max<int64_t>(1, threads / launch.local_world_size);
}

bool warn_of_too_many_threads(const train::LaunchInfo& launch,
                              const cli::CommandContext& context) {
  const int64_t threads = threads_per_process(launch, context);
  const int64_t processes =
      share_processors(launch) ? launch.local_world_size : 1;
  const int64_t processors = base::available_processors();
  if (threads * processes <= processors) {
    return false;
  }
  const std::string what =
      processes == 1 ? fmt::format("--threads {}", threads)
                     : fmt::format("{} processes with {} threads in all",
                                   processes, processes * threads);
  const std::string advice =
      processes > processors ? "start fewer processes"
      : processes > 1
          ? "lower --threads, or omit it"
          : fmt::format("pass --threads {}, or omit it", processors);
  spdlog::warn(
      "{}: the number of available processors is {} (by affinity or the CPU "
      "quota of the cgroup), so threads wait for one another and training will "
      "be many times slower: {}",
      what, processors, advice);
  return true;
}

}  // namespace gato::commands
