#include "gato/train/distributed/process_group.h"

// A ProcessGroup uses the backends of c10d directly. A collective is started on
// the backend of its tensor's device and returns a Work object. Instead of
// blocking on it, wait() polls it together with the HeartbeatMonitor, so that a
// failed rank ends the collective within seconds instead of after the timeout.

// LibTorch contains both backends, but neither ships their headers nor defines
// these macros for its users.
#define USE_C10D_GLOO
#ifdef GATO_NCCL
#define USE_C10D_NCCL
#endif

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef GATO_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <utility>
#include <vector>

#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/train/distributed/heartbeat_monitor.h"
#include "gato/train/distributed/rendezvous.h"

namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Backend = c10::intrusive_ptr<c10d::Backend>;
using Work = c10::intrusive_ptr<c10d::Work>;

// Interval at which a waiting rank checks whether another rank has failed.
constexpr milliseconds kPollInterval{500};

std::shared_ptr<gloo::transport::Device> gloo_device(
    const LaunchInfo& launch, const std::string& local_address) {
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME")) {
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  }
  if (!launch.is_single_node() &&
      (local_address == "::1" || local_address.starts_with("127."))) {
    throw base::run_error(
        "rank {}: {} resolves to the loopback address {}, which ranks on other "
        "machines cannot reach: set MASTER_ADDR to an address of the network, "
        "or GLOO_SOCKET_IFNAME to the network's interface",
        launch.rank, launch.master_host, local_address);
  }
  return c10d::ProcessGroupGloo::createDeviceForHostname(local_address);
}

Backend make_gloo(const LaunchInfo& launch, const Rendezvous& rendezvous,
                  milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(gloo_device(launch, rendezvous.local_address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(
      c10::make_intrusive<c10d::PrefixStore>("gloo",
                                             rendezvous.collective_store),
      static_cast<int>(launch.rank), static_cast<int>(launch.world_size),
      options);
}

#ifdef GATO_NCCL
Backend make_nccl(const LaunchInfo& launch, const Rendezvous& rendezvous,
                  milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(
      c10::make_intrusive<c10d::PrefixStore>("nccl",
                                             rendezvous.collective_store),
      static_cast<int>(launch.rank), static_cast<int>(launch.world_size),
      options);
}
#endif

FailureReport to_failure_report(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const base::StoppedBySignal& stopped) {
    return {stopped.signal() == SIGINT ? base::ExitStatus::interrupted
                                       : base::ExitStatus::terminated,
            0, "was asked to stop before there was anything to save"};
  } catch (const base::Error& error) {
    return {error.status(), 0, error.what()};
  } catch (const std::bad_alloc&) {
    return {base::ExitStatus::run_failed, 0, "out of memory"};
  } catch (const std::exception& other) {
    return {base::ExitStatus::run_failed, 0, base::first_line(other.what())};
  }
}

}  // namespace

struct ProcessGroup::Backends {
  Backends(const LaunchInfo& launch, milliseconds timeout)
      : rendezvous(run_rendezvous(launch, timeout)),
        heartbeat_monitor(rendezvous, launch.rank, timeout) {}

  void open_backends(const LaunchInfo& launch, milliseconds timeout) {
    gloo = make_gloo(launch, rendezvous, timeout);
#ifdef GATO_NCCL
    nccl = make_nccl(launch, rendezvous, timeout);
    heartbeat_monitor.on_failure([backend = nccl] { backend->abort(); });
#endif
  }

  c10d::Backend& backend_for(const at::Tensor& values) const {
    if (values.is_cpu()) {
      return *gloo;
    }
#ifdef GATO_NCCL
    return *nccl;
#else
    throw base::usage_error(
        "training on several GPUs requires NCCL, but this program was built "
        "without it: build it on a machine that has nccl.h, or train in one "
        "process");
#endif
  }

  // Leaks the backends. A collective in progress, and with it the thread of its
  // backend, may not end before the timeout, and a destructor would wait for
  // it.
  void leak_backends() {
    static_cast<void>(gloo.release());
#ifdef GATO_NCCL
    static_cast<void>(nccl.release());
#endif
  }

  const Rendezvous rendezvous;
  HeartbeatMonitor heartbeat_monitor;
  std::vector<std::pair<Work, at::Tensor>> pending;  // until wait_all()
  Backend gloo;
#ifdef GATO_NCCL
  Backend nccl;
#endif
};

// The scope of a collective, or of waiting for several. Adds the time spent in
// it to communication_seconds().
class ProcessGroup::Collective {
 public:
  explicit Collective(ProcessGroup& process_group)
      : process_group_(process_group) {}
  ~Collective() {
    process_group_.communication_seconds_ +=
        std::chrono::duration<double>(Clock::now() - start_).count();
  }
  Collective(const Collective&) = delete;
  Collective& operator=(const Collective&) = delete;

  // Counts one more collective and returns the backend that runs it.
  c10d::Backend& next_backend(const at::Tensor& values) const {
    process_group_.backends_->heartbeat_monitor.count_collective();
    return process_group_.backends_->backend_for(values);
  }

  // Leaves `work` to wait_all().
  void track(Work work, const at::Tensor& values) const {
    process_group_.backends_->pending.emplace_back(std::move(work), values);
  }

  // Blocks until `work` is complete. Throws if a rank has failed. On a GPU,
  // wait() only orders the stream after the collective and returns at once; the
  // heartbeat monitor aborts collectives that hang (on_failure).
  void wait(const Work& work, const at::Tensor& values) const {
    if (values.is_cuda()) {
      work->wait();
      return;
    }
    HeartbeatMonitor& monitor = process_group_.backends_->heartbeat_monitor;
    for (;;) {
      try {
        work->wait(kPollInterval);
        return;
      } catch (const std::exception& error) {
        // The work may have completed just after wait() timed out.
        const bool is_over = work->isCompleted();
        if (is_over && !work->exception()) {
          return;
        }
        auto failure = monitor.failure();
        if (!failure && is_over) {
          failure = monitor.diagnose(base::first_line(error.what()));
        }
        if (failure) {
          throw base::Error(failure->status, failure->message);
        }
      }
    }
  }

 private:
  ProcessGroup& process_group_;
  const Clock::time_point start_ = Clock::now();
};

ProcessGroup::ProcessGroup() = default;

ProcessGroup::ProcessGroup(const LaunchInfo& launch, double timeout)
    : launch_(launch) {
  if (is_single_process()) {
    return;
  }
  const milliseconds timeout_ms(static_cast<int64_t>(timeout * 1000));
  backends_ = std::make_unique<Backends>(launch_, timeout_ms);
  try {
    backends_->open_backends(launch_, timeout_ms);
  } catch (...) {
    report_failure(std::current_exception());
    throw;
  }
}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::all_reduce(at::Tensor values) {
  all_reduce_async(std::move(values));
  wait_all();
}

void ProcessGroup::all_reduce_async(at::Tensor values) {
  if (is_single_process()) {
    return;
  }
  const Collective collective(*this);
  std::vector<at::Tensor> tensors{std::move(values)};
  collective.track(collective.next_backend(tensors[0]).allreduce(tensors),
                   tensors[0]);
}

void ProcessGroup::reduce_async(at::Tensor values, int64_t root) {
  if (is_single_process()) {
    return;
  }
  const Collective collective(*this);
  std::vector<at::Tensor> tensors{std::move(values)};
  c10d::ReduceOptions options;
  options.rootRank = root;
  collective.track(collective.next_backend(tensors[0]).reduce(tensors, options),
                   tensors[0]);
}

void ProcessGroup::wait_all() {
  if (is_single_process()) {
    return;
  }
  const Collective collective(*this);
  for (const auto& [work, values] : backends_->pending) {
    collective.wait(work, values);
  }
  backends_->pending.clear();
}

void ProcessGroup::all_gather(at::Tensor values) {
  if (is_single_process()) {
    return;
  }
  const Collective collective(*this);
  const int64_t length = values.numel() / size();
  at::Tensor own = values.narrow(0, rank() * length, length).clone();
  collective.wait(collective.next_backend(values)._allgather_base(values, own),
                  values);
}

void ProcessGroup::broadcast(at::Tensor values, int64_t root) {
  if (is_single_process()) {
    return;
  }
  const Collective collective(*this);
  std::vector<at::Tensor> tensors{std::move(values)};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  collective.wait(
      collective.next_backend(tensors[0]).broadcast(tensors, options),
      tensors[0]);
}

std::string ProcessGroup::broadcast(const std::string& text, int64_t root) {
  if (is_single_process()) {
    return text;
  }
  const int64_t length = broadcast(static_cast<int64_t>(text.size()), root);
  at::Tensor bytes = at::zeros({length}, at::kByte);
  auto* const begin = bytes.data_ptr<uint8_t>();
  if (rank() == root) {
    std::copy(text.begin(), text.end(), begin);
  }
  if (length > 0) {
    broadcast(bytes, root);
  }
  return {begin, begin + length};
}

int64_t ProcessGroup::broadcast(int64_t number, int64_t root) {
  at::Tensor value = at::full({1}, number, at::kLong);
  broadcast(value, root);
  return value.item<int64_t>();
}

void ProcessGroup::run_collectively(const std::function<void()>& function) {
  const auto call_function = [&] {
    try {
      run_uninterrupted(function);
    } catch (const std::filesystem::filesystem_error& error) {
      throw base::io_error("{}", error.what());
    }
  };
  if (is_single_process()) {
    return call_function();
  }
  // int64 [ranks]: the exit status of each rank's error, or 0. After the
  // all-reduce every rank knows which rank failed first.
  at::Tensor statuses = at::zeros({size()}, at::kLong);
  std::string message;
  try {
    call_function();
  } catch (const base::Error& error) {
    statuses[rank()] = static_cast<int64_t>(error.status());
    message = error.what();
  }
  all_reduce(statuses);
  for (int64_t other = 0; other < size(); ++other) {
    const auto status = statuses[other].item<int64_t>();
    if (status == 0) {
      continue;
    }
    const std::string text = broadcast(message, other);
    throw base::Error(
        base::ExitStatus(static_cast<int>(status)),
        other == rank() ? text : fmt::format("rank {}: {}", other, text));
  }
}

void ProcessGroup::run_uninterrupted(
    const std::function<void()>& function) const {
  if (is_single_process()) {
    return function();
  }
  struct UninterruptedScope {
    HeartbeatMonitor& heartbeat_monitor;
    explicit UninterruptedScope(HeartbeatMonitor& monitor)
        : heartbeat_monitor(monitor) {
      heartbeat_monitor.begin_uninterrupted();
    }
    ~UninterruptedScope() { heartbeat_monitor.end_uninterrupted(); }
  } const scope(backends_->heartbeat_monitor);
  function();
}

base::ExitStatus ProcessGroup::run(
    const std::function<base::ExitStatus()>& work) {
  if (is_single_process()) {
    return work();
  }
  try {
    const base::ExitStatus status = work();
    run_collectively([] {});  // a barrier
    backends_->heartbeat_monitor.shut_down();
    return status;
  } catch (...) {
    report_failure(std::current_exception());
    throw;
  }
}

void ProcessGroup::report_failure(const std::exception_ptr& error) {
  const FailureReport report = to_failure_report(error);
  backends_->heartbeat_monitor.report_failure(report.status, report.message);
  backends_->leak_backends();
}

}  // namespace gato::train
