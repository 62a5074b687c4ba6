#include "gato/train/distributed/heartbeat_monitor.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

// Every rank runs two threads. The heartbeat thread runs a round every
// kHeartbeatInterval, which exchanges these keys through the store:
//   heartbeat/RANK  "HEARTBEATS COLLECTIVES", the numbers of both so far
//   failure         the FailureReport of the job: "STATUS RANK MESSAGE"
//   farewell/RANK   set by a rank that no longer needs the store
// A rank whose heartbeat has not changed for the timeout has failed. If a
// collective has failed, all ranks are checked with the shorter kSuspectTimeout
// and, if all of them are alive, the rank that has begun the fewest collectives
// is to blame. The first report in the store counts (compareSet), so that all
// ranks agree on it.
//
// The watchdog thread never accesses the store, in which the heartbeat thread
// may hang. It detects that the store no longer responds, and terminates a
// process that does not notice the failure by itself.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kHeartbeatInterval{500};
// A rank without a heartbeat for this long is considered to have failed once a
// collective has failed.
constexpr milliseconds kSuspectTimeout{3000};
// Maximum time that rank 0, which serves the store, waits for the other ranks
// to read the failure report.
constexpr milliseconds kFarewellTimeout{5000};
// Time between a failure and the termination of a process that does not ask for
// it, because it is computing or waiting for its GPU. Its result is no longer
// needed.
constexpr milliseconds kTerminationDelay{10000};

constexpr const char* kFailureKey = "failure";
std::string heartbeat_key(int64_t rank) {
  return fmt::format("heartbeat/{}", rank);
}
std::string farewell_key(int64_t rank) {
  return fmt::format("farewell/{}", rank);
}

std::string serialize(const FailureReport& report) {
  return fmt::format("{} {} {}", static_cast<int>(report.status),
                     report.failed_rank, report.message);
}

FailureReport parse_failure_report(const std::string& text) {
  std::istringstream stream(text);
  int status = 0;
  FailureReport report;
  stream >> status >> report.failed_rank;
  report.status = base::ExitStatus{status};
  stream.get();
  std::getline(stream, report.message, '\0');
  return report;
}

}  // namespace

struct HeartbeatMonitor::State {
  // The last heartbeat of a rank, and when it was first read.
  struct LastHeartbeat {
    std::string value;
    Clock::time_point changed_at = Clock::now();
  };

  State(const Rendezvous& rendezvous, int64_t own_rank,
        milliseconds silence_timeout)
      : store(rendezvous.heartbeat_store),
        rank_names(rendezvous.rank_names),
        rank(own_rank),
        timeout(silence_timeout),
        last_heartbeats(rendezvous.rank_names.size()) {}

  std::string describe_rank(int64_t other_rank) const {
    return fmt::format("rank {} on {}", other_rank, rank_names[other_rank]);
  }

  // Returns the report for a store that does not respond, which is taken for a
  // failure of rank 0.
  FailureReport store_silence_report() const {
    return {base::ExitStatus::run_failed, 0,
            describe_rank(0) + " no longer responds: it hangs"};
  }

  void run_heartbeats();
  void run_heartbeat_round();
  std::vector<int64_t> monitored_ranks(bool has_collective_error) const;
  void send_heartbeat();
  bool read_failure();
  void read_heartbeats(const std::vector<int64_t>& others);
  std::optional<FailureReport> find_silent_rank(
      const std::vector<int64_t>& others, milliseconds limit) const;
  FailureReport find_slowest_rank(const std::string& what) const;
  void publish_failure(const FailureReport& report);
  void wait_for_farewells(int64_t failed_rank) const;
  void set_failure(const FailureReport& report);
  void run_watchdog();
  void check_store_silence();

  const Store store;
  const std::vector<std::string> rank_names;
  const int64_t rank;
  const milliseconds timeout;
  std::atomic<int64_t> collective_count{0};

  // Accessed only by the heartbeat thread.
  int64_t heartbeat_count = 0;
  std::vector<LastHeartbeat> last_heartbeats;

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
                   describe_rank(0) +
                       " can no longer be reached: it has exited or lost its "
                       "connection"});
    }
    lock.lock();
    last_store_contact = Clock::now();
    changed.wait_for(lock, kHeartbeatInterval,
                     [this] { return is_leaving || own_failure; });
  }
  lock.unlock();
  try {
    store->set(farewell_key(rank), std::string("bye"));
  } catch (const std::exception&) {  // rank 0 has exited and does not wait
  }
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
  send_heartbeat();
  std::optional<FailureReport> own_report;
  {
    const std::lock_guard lock(mutex);
    own_report = own_failure;
  }
  if (own_report) {
    publish_failure(*own_report);
  }
  if (read_failure()) {
    return;
  }
  std::unique_lock lock(mutex);
  const std::string what = collective_error;
  const auto failed_at = collective_failed_at;
  lock.unlock();
  const bool has_collective_error = !what.empty();
  const std::vector<int64_t> others = monitored_ranks(has_collective_error);
  read_heartbeats(others);
  if (const auto report = find_silent_rank(
          others, has_collective_error ? kSuspectTimeout : timeout)) {
    publish_failure(*report);
  } else if (has_collective_error &&
             Clock::now() - failed_at > kSuspectTimeout + kHeartbeatInterval) {
    publish_failure(find_slowest_rank(what));
  }
}

// Returns the ranks whose heartbeats this rank reads: rank 0 reads those of all
// others, and the others read that of rank 0, unless a collective has failed.
std::vector<int64_t> HeartbeatMonitor::State::monitored_ranks(
    bool has_collective_error) const {
  std::vector<int64_t> others;
  for (int64_t other = 0; other < std::ssize(rank_names); ++other) {
    if (other != rank && (rank == 0 || other == 0 || has_collective_error)) {
      others.push_back(other);
    }
  }
  return others;
}

void HeartbeatMonitor::State::send_heartbeat() {
  store->set(heartbeat_key(rank),
             fmt::format("{} {}", ++heartbeat_count, collective_count.load()));
}

bool HeartbeatMonitor::State::read_failure() {
  if (!store->check({kFailureKey})) {
    return false;
  }
  set_failure(parse_failure_report(store->get_to_str(kFailureKey)));
  return true;
}

void HeartbeatMonitor::State::read_heartbeats(
    const std::vector<int64_t>& others) {
  for (const int64_t other : others) {
    if (!store->check({heartbeat_key(other)})) {
      continue;
    }
    const std::string heartbeat = store->get_to_str(heartbeat_key(other));
    if (heartbeat != last_heartbeats[other].value) {
      last_heartbeats[other] = {heartbeat, Clock::now()};
    }
  }
}

// Returns a report on the rank that has been silent for the longest, if for
// more than `limit`. Other silent ranks may have exited because of it.
std::optional<FailureReport> HeartbeatMonitor::State::find_silent_rank(
    const std::vector<int64_t>& others, milliseconds limit) const {
  const LastHeartbeat* longest_silent = nullptr;
  int64_t failed_rank = 0;
  for (const int64_t other : others) {
    const LastHeartbeat& heartbeat = last_heartbeats[other];
    if (Clock::now() - heartbeat.changed_at <= limit) {
      continue;
    }
    if (longest_silent && longest_silent->changed_at <= heartbeat.changed_at) {
      continue;
    }
    longest_silent = &heartbeat;
    failed_rank = other;
  }
  if (!longest_silent) {
    return std::nullopt;
  }
  return FailureReport{
      base::ExitStatus::run_failed, failed_rank,
      fmt::format("{} has not responded for {:.0f} s: it has exited or hangs",
                  describe_rank(failed_rank),
                  std::chrono::duration<double>(Clock::now() -
                                                longest_silent->changed_at)
                      .count())};
}

// Returns a report for a collective that failed although all ranks are alive.
// The rank that has begun the fewest collectives has not entered it. If no rank
// is behind this one, the report is on this rank.
FailureReport HeartbeatMonitor::State::find_slowest_rank(
    const std::string& what) const {
  const auto collective_count_of = [this](int64_t other) -> int64_t {
    const std::string& heartbeat = last_heartbeats[other].value;
    if (other == rank) {
      return collective_count;
    }
    return heartbeat.empty()
               ? -1
               : std::stoll(heartbeat.substr(heartbeat.find(' ')));
  };
  int64_t failed_rank = rank;
  for (int64_t other = 0; other < std::ssize(rank_names); ++other) {
    if (collective_count_of(other) < collective_count_of(failed_rank)) {
      failed_rank = other;
    }
  }
  return {
      base::ExitStatus::run_failed, failed_rank,
      failed_rank == rank
          ? fmt::format("{} cannot communicate: {}", describe_rank(rank), what)
          : fmt::format("{} is alive but has not entered a collective that the "
                        "other ranks are waiting for ({})",
                        describe_rank(failed_rank), what)};
}

// Publishes a report, unless there is one already, and adopts the one that is
// published.
void HeartbeatMonitor::State::publish_failure(const FailureReport& report) {
  set_failure(parse_failure_report(
      store->compareSet(kFailureKey, "", serialize(report))));
}

// Blocks until all ranks except the failed one have read the failure report,
// for at most kFarewellTimeout. Called by rank 0, because the store disappears
// together with it.
void HeartbeatMonitor::State::wait_for_farewells(int64_t failed_rank) const {
  const auto deadline = Clock::now() + kFarewellTimeout;
  for (int64_t other = 1; other < std::ssize(rank_names); ++other) {
    while (other != failed_rank && Clock::now() < deadline) {
      try {
        if (store->check({farewell_key(other)})) {
          break;
        }
      } catch (const std::exception&) {
        return;
      }
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
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
  std::unique_lock lock(state_->mutex);
  state_->is_acknowledged = true;
  state_->changed.notify_all();
  if (!state_->failure) {
    state_->own_failure = {
        status, state_->rank,
        fmt::format("{}: {}", state_->describe_rank(state_->rank), message)};
    state_->changed.notify_all();
    state_->changed.wait_for(lock, kSuspectTimeout,
                             [this] { return state_->failure.has_value(); });
  }
  if (state_->rank != 0 || !state_->failure) {
    return;
  }
  const int64_t failed_rank = state_->failure->failed_rank;
  lock.unlock();
  state_->wait_for_farewells(failed_rank);
}

void HeartbeatMonitor::shut_down() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_leaving = true;
  }
  state_->changed.notify_all();
  state_->heartbeat_thread.join();
  if (state_->rank != 0) {
    return;
  }
  std::vector<std::string> farewells;
  for (int64_t other = 1; other < std::ssize(state_->rank_names); ++other) {
    farewells.push_back(farewell_key(other));
  }
  try {
    state_->store->wait(farewells, kFarewellTimeout);
  } catch (const std::exception&) {  // all work is done: nothing is lost
  }
}

}  // namespace gato::train
