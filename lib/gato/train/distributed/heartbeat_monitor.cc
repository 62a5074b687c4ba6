#include "gato/train/distributed/heartbeat_monitor.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

// Every rank runs two threads. The heartbeat thread runs a round every
// kHeartbeatInterval, which exchanges heartbeats and failures through the store
// (HeartbeatExchange). A rank whose heartbeat has not changed for the timeout
// has failed. If a collective has failed, all ranks are checked with the
// shorter kSuspectTimeout and, if all of them are alive, the rank that has
// begun the fewest collectives is reported as failed.
//
// The watchdog thread never accesses the store, in which the heartbeat thread
// may hang. It detects that the store no longer responds, and terminates a
// process that does not notice the failure itself.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kHeartbeatInterval{500};
// A rank without a heartbeat for this long is considered to have failed once a
// collective has failed.
constexpr milliseconds kSuspectTimeout{3000};
// Time between a failure and the termination of a process that does not ask for
// it, because it is computing or waiting for its GPU. Its result is no longer
// needed.
constexpr milliseconds kTerminationDelay{10000};

}  // namespace

struct HeartbeatMonitor::State {
  State(const Rendezvous& rendezvous, int64_t rank,
        milliseconds silence_timeout)
      : exchange(rendezvous, rank), timeout(silence_timeout) {}

  // Returns the report for a store that does not respond, which is taken for a
  // failure of rank 0.
  FailureReport store_silence_report() const {
    return {base::ExitStatus::run_failed, 0,
            exchange.describe_rank(0) + " no longer responds: it hangs"};
  }

  void run_heartbeats();
  void run_heartbeat_round();
  std::vector<int64_t> monitored_ranks(bool has_collective_error) const;
  void set_failure(const FailureReport& report);
  void run_watchdog();
  void check_store_silence();

  HeartbeatExchange exchange;
  const milliseconds timeout;
  std::atomic<int64_t> collective_count{0};

  std::mutex mutex;  // guards the members up to last_store_contact
  std::condition_variable changed;
  bool is_leaving = false;
  std::optional<FailureReport> own_failure;  // to be published
  std::optional<FailureReport> failure;      // of the job
  bool is_acknowledged = false;  // whether this process knows of the failure
  int uninterrupted_count = 0;   // nesting depth of begin_uninterrupted()
  std::function<void()> interrupt;
  std::string collective_error;  // why a collective failed on this rank
  Clock::time_point collective_failed_at;
  Clock::time_point last_store_contact = Clock::now();

  std::thread heartbeat_thread, watchdog_thread;
};

// An exception means that the store cannot be reached. It is served by rank 0,
// or by torchrun, which exits together with rank 0.
void HeartbeatMonitor::State::run_heartbeats() {
  std::unique_lock lock(mutex);
  while (!is_leaving && !failure) {
    lock.unlock();
    try {
      run_heartbeat_round();
    } catch (const std::exception&) {
      set_failure({base::ExitStatus::run_failed, 0,
                   exchange.describe_rank(0) +
                       " can no longer be reached: it has exited or lost its "
                       "connection"});
    }
    lock.lock();
    last_store_contact = Clock::now();
    changed.wait_for(lock, kHeartbeatInterval,
                     [this] { return is_leaving || own_failure; });
  }
  lock.unlock();
  exchange.send_farewell();
}

// Terminates the process kTerminationDelay after the failure, unless the
// failure is acknowledged before, or the process is in an uninterrupted scope.
void HeartbeatMonitor::State::run_watchdog() {
  std::unique_lock lock(mutex);
  std::optional<Clock::time_point> noticed_at;
  while (!is_leaving && !is_acknowledged) {
    changed.wait_for(lock, kHeartbeatInterval);
    check_store_silence();
    if (!failure || uninterrupted_count > 0) {
      continue;
    }
    if (!noticed_at) {
      noticed_at = Clock::now();
    }
    if (is_leaving || is_acknowledged ||
        Clock::now() - *noticed_at < kTerminationDelay) {
      continue;
    }
    spdlog::error("{}; terminating this rank, whose result is no longer needed",
                  failure->message);
    spdlog::default_logger()->flush();
    std::_Exit(static_cast<int>(failure->status));
  }
}

// Requires that the mutex is locked.
void HeartbeatMonitor::State::check_store_silence() {
  if (failure || Clock::now() - last_store_contact <= timeout) {
    return;
  }
  failure = store_silence_report();
}

void HeartbeatMonitor::State::run_heartbeat_round() {
  exchange.send_heartbeat(collective_count);
  std::optional<FailureReport> own_report;
  {
    const std::lock_guard lock(mutex);
    own_report = own_failure;
  }
  if (own_report) {
    set_failure(exchange.publish_failure(*own_report));
  }
  if (const auto report = exchange.read_failure()) {
    set_failure(*report);
    return;
  }
  std::unique_lock lock(mutex);
  const std::string what = collective_error;
  const auto failed_at = collective_failed_at;
  lock.unlock();
  const bool has_collective_error = !what.empty();
  const std::vector<int64_t> others = monitored_ranks(has_collective_error);
  exchange.read_heartbeats(others);
  if (const auto report = exchange.find_silent_rank(
          others, has_collective_error ? kSuspectTimeout : timeout)) {
    set_failure(exchange.publish_failure(*report));
  } else if (has_collective_error &&
             Clock::now() - failed_at > kSuspectTimeout + kHeartbeatInterval) {
    set_failure(exchange.publish_failure(
        exchange.find_slowest_rank(what, collective_count)));
  }
}

// Returns the ranks whose heartbeats this rank reads: rank 0 reads those of all
// others, and the others read that of rank 0, unless a collective has failed.
std::vector<int64_t> HeartbeatMonitor::State::monitored_ranks(
    bool has_collective_error) const {
  const int64_t rank = exchange.rank();
  std::vector<int64_t> others;
  for (int64_t other = 0; other < exchange.rank_count(); ++other) {
    if (other != rank && (rank == 0 || other == 0 || has_collective_error)) {
      others.push_back(other);
    }
  }
  return others;
}

void HeartbeatMonitor::State::set_failure(const FailureReport& report) {
  std::unique_lock lock(mutex);
  if (!failure) {
    failure = report;
  }
  changed.notify_all();
  const std::function<void()> interrupt_once =
      std::exchange(interrupt, nullptr);
  lock.unlock();
  if (interrupt_once) {
    interrupt_once();
  }
}

HeartbeatMonitor::HeartbeatMonitor(const Rendezvous& rendezvous, int64_t rank,
                                   milliseconds timeout)
    : state_(std::make_shared<State>(rendezvous, rank, timeout)) {
  state_->heartbeat_thread =
      std::thread([state = state_] { state->run_heartbeats(); });
  state_->watchdog_thread =
      std::thread([state = state_] { state->run_watchdog(); });
}

HeartbeatMonitor::~HeartbeatMonitor() {
  std::unique_lock lock(state_->mutex);
  state_->is_leaving = true;
  const bool may_hang = state_->failure.has_value();
  lock.unlock();
  state_->changed.notify_all();
  state_->watchdog_thread.join();
  if (!state_->heartbeat_thread.joinable()) {
    return;
  }
  if (may_hang) {
    state_->heartbeat_thread.detach();
  } else {
    state_->heartbeat_thread.join();
  }
}

void HeartbeatMonitor::on_failure(std::function<void()> interrupt) {
  std::unique_lock lock(state_->mutex);
  if (!state_->failure) {
    state_->interrupt = std::move(interrupt);
    return;
  }
  lock.unlock();
  interrupt();
}

void HeartbeatMonitor::begin_uninterrupted() {
  const std::lock_guard lock(state_->mutex);
  ++state_->uninterrupted_count;
}

void HeartbeatMonitor::end_uninterrupted() {
  const std::lock_guard lock(state_->mutex);
  --state_->uninterrupted_count;
}

void HeartbeatMonitor::count_collective() { ++state_->collective_count; }

std::optional<FailureReport> HeartbeatMonitor::failure() const {
  const std::lock_guard lock(state_->mutex);
  state_->check_store_silence();
  state_->is_acknowledged = state_->failure.has_value();
  state_->changed.notify_all();
  return state_->failure;
}

FailureReport HeartbeatMonitor::diagnose(const std::string& what) {
  std::unique_lock lock(state_->mutex);
  state_->collective_error = what;
  state_->collective_failed_at = Clock::now();
  state_->changed.wait_for(lock, 2 * kSuspectTimeout,
                           [this] { return state_->failure.has_value(); });
  if (!state_->failure) {
    state_->failure = state_->store_silence_report();
  }
  state_->is_acknowledged = true;
  state_->changed.notify_all();
  return *state_->failure;
}

void HeartbeatMonitor::report_failure(base::ExitStatus status,
                                      const std::string& message) {
  const HeartbeatExchange& exchange = state_->exchange;
  std::unique_lock lock(state_->mutex);
  state_->is_acknowledged = true;
  state_->changed.notify_all();
  if (!state_->failure) {
    state_->own_failure = {
        status, exchange.rank(),
        fmt::format("{}: {}", exchange.describe_rank(exchange.rank()),
                    message)};
    state_->changed.notify_all();
    state_->changed.wait_for(lock, kSuspectTimeout,
                             [this] { return state_->failure.has_value(); });
  }
  if (exchange.rank() != 0 || !state_->failure) {
    return;
  }
  const int64_t failed_rank = state_->failure->failed_rank;
  lock.unlock();
  exchange.wait_for_farewells_after_failure(failed_rank);
}

void HeartbeatMonitor::shut_down() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_leaving = true;
  }
  state_->changed.notify_all();
  state_->heartbeat_thread.join();
  if (state_->exchange.rank() == 0) {
    state_->exchange.wait_for_farewells();
  }
}

}  // namespace gato::train
