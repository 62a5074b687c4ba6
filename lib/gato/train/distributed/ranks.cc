#include "gato/train/distributed/ranks.h"

// LibTorch has both; it ships the headers of neither Gloo nor NCCL, and defines
// neither name for those who use it.
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

#include "gato/base/one_line.h"
#include "gato/base/signals.h"
#include "gato/train/distributed/meeting.h"
#include "gato/train/distributed/watch.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Backend = c10::intrusive_ptr<c10d::Backend>;
using Work = c10::intrusive_ptr<c10d::Work>;

// Between two looks at whether another rank has ended.
constexpr milliseconds look_interval{500};

std::shared_ptr<gloo::transport::Device> gloo_device(const Launch& launch,
                                                     const std::string& own) {
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME")) {
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  }
  if (!launch.is_on_one_machine() &&
      (own == "::1" || own.starts_with("127."))) {
    throw run_error(
        "rank {}: {} is this machine itself by the address {}, which the ranks "
        "on other machines cannot reach: set MASTER_ADDR to an address of the "
        "network, or GLOO_SOCKET_IFNAME to the network's interface",
        launch.rank, launch.host, own);
  }
  return c10d::ProcessGroupGloo::createDeviceForHostname(own);
}

Backend make_gloo(const Launch& launch, const Meeting& meeting,
                  milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(gloo_device(launch, meeting.address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(
      c10::make_intrusive<c10d::PrefixStore>("gloo", meeting.exchange),
      static_cast<int>(launch.rank), static_cast<int>(launch.size), options);
}

#ifdef GATO_NCCL
Backend make_nccl(const Launch& launch, const Meeting& meeting,
                  milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(
      c10::make_intrusive<c10d::PrefixStore>("nccl", meeting.exchange),
      static_cast<int>(launch.rank), static_cast<int>(launch.size), options);
}
#endif

Verdict verdict_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Stopped& stopped) {
    return {stopped.signal() == SIGINT ? ExitStatus::interrupted
                                       : ExitStatus::terminated,
            0, "was asked to stop before there was anything to save"};
  } catch (const Error& known) {
    return {known.status(), 0, known.what()};
  } catch (const std::bad_alloc&) {
    return {ExitStatus::run_failed, 0, "out of memory"};
  } catch (const std::exception& foreign) {
    return {ExitStatus::run_failed, 0, first_line(foreign.what())};
  }
}

}  // namespace

struct Ranks::Connection {
  Connection(const Launch& launch, milliseconds limit)
      : meeting(meet(launch, limit)), watch(meeting, launch.rank, limit) {}

  void open(const Launch& launch, milliseconds limit) {
    gloo = make_gloo(launch, meeting, limit);
#ifdef GATO_NCCL
    nccl = make_nccl(launch, meeting, limit);
    watch.on_verdict([backend = nccl] { backend->abort(); });
#endif
  }

  c10d::Backend& backend_of(const at::Tensor& values) const {
    if (values.is_cpu()) return *gloo;
#ifdef GATO_NCCL
    return *nccl;
#else
    throw usage_error(
        "several processes on GPUs: this program was built without NCCL; build "
        "it where nccl.h is, or train in one process");
#endif
  }

  // Of an exchange that may be under way and end with the timeout only, and its
  // thread with it: they are left to the end of the process.
  void abandon() {
    static_cast<void>(gloo.release());
#ifdef GATO_NCCL
    static_cast<void>(nccl.release());
#endif
  }

  const Meeting meeting;
  Watch watch;
  std::vector<std::pair<Work, at::Tensor>> begun;  // sums
  Backend gloo;
#ifdef GATO_NCCL
  Backend nccl;
#endif
};

// The time that this rank spends in an exchange.
class Ranks::Exchange {
 public:
  explicit Exchange(Ranks& ranks) : ranks_(ranks) {}
  ~Exchange() {
    ranks_.waited_ +=
        std::chrono::duration<double>(Clock::now() - start_).count();
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // For one more exchange, which is counted.
  c10d::Backend& with(const at::Tensor& values) const {
    ranks_.connection_->watch.count_exchange();
    return ranks_.connection_->backend_of(values);
  }

  // finish_sums() waits for it.
  void begin(Work work, const at::Tensor& values) const {
    ranks_.connection_->begun.emplace_back(std::move(work), values);
  }

  // What another rank has left never ends by itself before the timeout: the
  // watch is asked meanwhile. On a GPU nothing is waited for but the place in
  // the stream, and the watch interrupts what stands in it.
  void wait(const Work& work, const at::Tensor& values) const {
    if (values.is_cuda()) {
      work->wait();
      return;
    }
    Watch& watch = ranks_.connection_->watch;
    for (;;) {
      try {
        work->wait(look_interval);
        return;
      } catch (const std::exception& error) {
        // It may have been done just when the time was up.
        const bool is_over = work->isCompleted();
        if (is_over && !work->exception()) return;
        auto verdict = watch.verdict();
        if (!verdict && is_over) {
          verdict = watch.find_cause(first_line(error.what()));
        }
        if (verdict) throw Error(verdict->status, verdict->message);
      }
    }
  }

 private:
  Ranks& ranks_;
  const Clock::time_point start_ = Clock::now();
};

Ranks::Ranks() = default;

Ranks::Ranks(const Launch& launch, double timeout) : launch_(launch) {
  if (is_alone()) return;
  const milliseconds limit(static_cast<int64_t>(timeout * 1000));
  connection_ = std::make_unique<Connection>(launch_, limit);
  try {
    connection_->open(launch_, limit);
  } catch (...) {
    give_up(std::current_exception());
    throw;
  }
}

Ranks::~Ranks() = default;

void Ranks::sum(at::Tensor values) {
  begin_sum(std::move(values));
  finish_sums();
}

void Ranks::begin_sum(at::Tensor values) {
  if (is_alone()) return;
  const Exchange exchange(*this);
  std::vector<at::Tensor> tensors{std::move(values)};
  exchange.begin(exchange.with(tensors[0]).allreduce(tensors), tensors[0]);
}

void Ranks::begin_sum(at::Tensor values, int64_t to) {
  if (is_alone()) return;
  const Exchange exchange(*this);
  std::vector<at::Tensor> tensors{std::move(values)};
  c10d::ReduceOptions options;
  options.rootRank = to;
  exchange.begin(exchange.with(tensors[0]).reduce(tensors, options),
                 tensors[0]);
}

void Ranks::finish_sums() {
  if (is_alone()) return;
  const Exchange exchange(*this);
  for (const auto& [work, values] : connection_->begun) {
    exchange.wait(work, values);
  }
  connection_->begun.clear();
}

void Ranks::gather_slices(at::Tensor values) {
  if (is_alone()) return;
  const Exchange exchange(*this);
  const int64_t length = values.numel() / size();
  at::Tensor own = values.narrow(0, rank() * length, length).clone();
  exchange.wait(exchange.with(values)._allgather_base(values, own), values);
}

void Ranks::broadcast(at::Tensor values, int64_t from) {
  if (is_alone()) return;
  const Exchange exchange(*this);
  std::vector<at::Tensor> tensors{std::move(values)};
  c10d::BroadcastOptions options;
  options.rootRank = from;
  exchange.wait(exchange.with(tensors[0]).broadcast(tensors, options),
                tensors[0]);
}

std::string Ranks::broadcast(const std::string& text, int64_t from) {
  if (is_alone()) return text;
  const int64_t length = broadcast(static_cast<int64_t>(text.size()), from);
  at::Tensor bytes = at::zeros({length}, at::kByte);
  auto* const begin = bytes.data_ptr<uint8_t>();
  if (rank() == from) std::copy(text.begin(), text.end(), begin);
  if (length > 0) broadcast(bytes, from);
  return {begin, begin + length};
}

int64_t Ranks::broadcast(int64_t number, int64_t from) {
  at::Tensor value = at::full({1}, number, at::kLong);
  broadcast(value, from);
  return value.item<int64_t>();
}

void Ranks::together(const std::function<void()>& part) {
  const auto do_part = [&] {
    try {
      write(part);
    } catch (const std::filesystem::filesystem_error& error) {
      throw io_error("{}", error.what());
    }
  };
  if (is_alone()) return do_part();
  at::Tensor statuses = at::zeros({size()}, at::kLong);
  std::string message;
  try {
    do_part();
  } catch (const Error& error) {
    statuses[rank()] = static_cast<int64_t>(error.status());
    message = error.what();
  }
  sum(statuses);
  for (int64_t one = 0; one < size(); ++one) {
    const auto status = statuses[one].item<int64_t>();
    if (status == 0) continue;
    const std::string text = broadcast(message, one);
    throw Error(ExitStatus(static_cast<int>(status)),
                one == rank() ? text : fmt::format("rank {}: {}", one, text));
  }
}

void Ranks::write(const std::function<void()>& part) const {
  if (is_alone()) return part();
  struct Writing {
    Watch& watch;
    explicit Writing(Watch& of) : watch(of) { watch.begin_writing(); }
    ~Writing() { watch.end_writing(); }
  } const writing(connection_->watch);
  part();
}

ExitStatus Ranks::run(const std::function<ExitStatus()>& work) {
  if (is_alone()) return work();
  try {
    const ExitStatus status = work();
    together([] {});  // until all have come here
    connection_->watch.leave();
    return status;
  } catch (...) {
    give_up(std::current_exception());
    throw;
  }
}

void Ranks::give_up(const std::exception_ptr& error) {
  const Verdict verdict = verdict_of(error);
  connection_->watch.give_up(verdict.status, verdict.message);
  connection_->abandon();
}

}  // namespace gato
