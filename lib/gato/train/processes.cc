#include "gato/train/processes.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "gato/base/number.h"
#include "gato/cli/log.h"
#include "gato/train/distributed/local_processes.h"

namespace gato {
namespace {

// The log files are the first rank's; they must not be written twice.
void become_silent(const Launch& launch, const cli::Context& context) {
  cli::start_log(fmt::format("{}[{}]", context.record.program, launch.rank));
  cli::configure_log(context.common.log_level, /*quiet=*/true, "");
}

ExitStatus run_rank(const Launch& launch, const ProcessOptions& options,
                    const cli::Context& context,
                    const std::function<ExitStatus(Ranks&)>& work) {
  if (launch.rank > 0) become_silent(launch, context);
  if (launch.is_alone()) {
    Ranks alone;
    return work(alone);
  }
  Ranks ranks(launch,
              parse_duration(options.rank_timeout, "option --rank-timeout"));
  if (options.processes > 1 && launch.by != "--processes") {
    spdlog::info("--processes {} is not used: {} has started the processes",
                 options.processes, launch.by);
  }
  spdlog::info(
      "{} processes by {}, {} of them on this machine; they meet at {}, port "
      "{}; threads each: {}{}",
      launch.size, launch.by, launch.local_size, launch.host, launch.port,
      threads_of(launch, context),
      options.shard_optimizer ? "; the optimiser is sharded" : "");
  return ranks.run([&] { return work(ranks); });
}

}  // namespace

ExitStatus run_in_ranks(const ProcessOptions& options,
                        const cli::Context& context,
                        const std::function<ExitStatus(Ranks&)>& work) {
  Launch launch = launch_from(process_environment());
  if (launch.is_alone() && options.processes > 1) {
    const LocalProcess local = start_local_processes(options.processes);
    if (local.status) return *local.status;
    launch = local.launch;
  }
  return run_rank(launch, options, context, work);
}

int64_t threads_of(const Launch& launch, const cli::Context& context) {
  const int64_t threads = context.common.threads;
  const bool is_given =
      context.record.configuration.value("threads", int64_t{0}) > 0;
  const bool has_all = threads == ::sysconf(_SC_NPROCESSORS_ONLN);
  if (is_given || !has_all) return threads;
  return std::max<int64_t>(1, threads / launch.local_size);
}

}  // namespace gato
