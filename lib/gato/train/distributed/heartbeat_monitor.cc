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
//   beat/RANK  "HEARTBEATS COLLECTIVES", the numbers of both so far
//   verdict    the FailureReport of the job: "STATUS RANK MESSAGE"
//   bye/RANK   set by a rank that no longer needs the store
// A rank whose heartbeat has not changed for the timeout has failed. If a
// collective has failed, all ranks are checked with the shorter kSuspectTimeout
// and, if all of them are alive, the rank that has begun the fewest collectives
// is to blame. The first report in the store counts (compareSet), so that all
// ranks agree on it.
//
// The watchdog thread never accesses the store, in which the heartbeat thread
// may hang. It detects that the store no longer answers, and terminates a
// process that does not notice the failure by itself.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kHeartbeatInterval{500};
// A rank without a heartbeat for this long is considered to have failed once a
// collective has failed.
constexpr milliseconds kSuspectTimeout{3000};
// How long rank 0, which serves the store, waits for the others to read the
// failure report.
constexpr milliseconds kFarewellTimeout{5000};
// Time between a failure and the termination of a process that does not ask for
// it, because it is computing or waiting for its GPU. Its result is no longer
// needed.
constexpr milliseconds kTerminationDelay{10000};

constexpr const char* kFailureKey = "verdict";
std::string heartbeat_key(int64_t rank) { return fmt::format("beat/{}", rank); }
std::string farewell_key(int64_t rank) { return fmt::format("bye/{}", rank); }

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

  State(const Rendezvous& rendezvous, int64_t own_rank, milliseconds limit)
      : store(rendezvous.heartbeat_store),
        rank_names(rendezvous.rank_names),
        rank(own_rank),
        timeout(limit),
        last_heartbeats(rendezvous.rank_names.size()) {}

  std::string describe_rank(int64_t other_rank) const {
    return fmt::format("rank {} on {}", other_rank, rank_names[other_rank]);
  }

  void run_heartbeats();
  void run_heartbeat_round();
  void send_heartbeat();
  bool read_failure();
  void read_heartbeats(const std::vector<int64_t>& others);
  std::optional<FailureReport> find_silent_rank(
      const std::vector<int64_t>& others, milliseconds limit) const;
  FailureReport find_slowest_rank(const std::string& what) const;
  void publish_failure(const FailureReport& report);
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
  std::optional<FailureReport> own_failure,
      failure;                   // to be published; of the job
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
                   describe_rank(0) + " is gone: it can no longer be reached"});
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
  std::optional<Clock::time_point> since;  // when the failure was noticed
  while (!is_leaving && !is_acknowledged) {
    changed.wait_for(lock, kHeartbeatInterval);
    check_store_silence();
    if (!failure || uninterrupted_count > 0) {
      continue;
    }
    if (!since) {
      since = Clock::now();
    }
    if (is_leaving || is_acknowledged ||
        Clock::now() - *since < kTerminationDelay) {
      continue;
    }
    spdlog::error("{}; what this rank computes is of no use any more",
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
  failure = {base::ExitStatus::run_failed, 0,
             describe_rank(0) + " no longer answers: it stands still"};
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
  const auto since = collective_failed_at;
  lock.unlock();
  const bool has_collective_error = !what.empty();
  std::vector<int64_t> others;
  for (int64_t one = 0; one < std::ssize(rank_names); ++one) {
    const bool is_watched = rank == 0 || one == 0 || has_collective_error;
    if (one != rank && is_watched) {
      others.push_back(one);
    }
  }
  read_heartbeats(others);
  if (const auto blamed = find_silent_rank(
          others, has_collective_error ? kSuspectTimeout : timeout)) {
    publish_failure(*blamed);
  } else if (has_collective_error &&
             Clock::now() - since > kSuspectTimeout + kHeartbeatInterval) {
    publish_failure(find_slowest_rank(what));
  }
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
  for (const int64_t one : others) {
    if (!store->check({heartbeat_key(one)})) {
      continue;
    }
    const std::string beat = store->get_to_str(heartbeat_key(one));
    if (beat != last_heartbeats[one].value) {
      last_heartbeats[one] = {beat, Clock::now()};
    }
  }
}

// Returns a report on the rank that has been silent for the longest, if for
// more than `limit`. Other silent ranks may have exited because of it.
std::optional<FailureReport> HeartbeatMonitor::State::find_silent_rank(
    const std::vector<int64_t>& others, milliseconds limit) const {
  const LastHeartbeat* longest_silent = nullptr;
  int64_t failed_rank = 0;
  for (const int64_t one : others) {
    const LastHeartbeat& sign = last_heartbeats[one];
    if (Clock::now() - sign.changed_at <= limit) {
      continue;
    }
    if (longest_silent && longest_silent->changed_at <= sign.changed_at) {
      continue;
    }
    longest_silent = &sign;
    failed_rank = one;
  }
  if (!longest_silent) {
    return std::nullopt;
  }
  return FailureReport{
      base::ExitStatus::run_failed, failed_rank,
      fmt::format("{} has not answered for {:.0f} s: it has ended "
                  "or stands still",
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
  const auto collective_count_of = [this](int64_t one) -> int64_t {
    const std::string& beat = last_heartbeats[one].value;
    if (one == rank) {
      return collective_count;
    }
    return beat.empty() ? -1 : std::stoll(beat.substr(beat.find(' ')));
  };
  int64_t failed_rank = rank;
  for (int64_t one = 0; one < std::ssize(rank_names); ++one) {
    if (collective_count_of(one) < collective_count_of(failed_rank)) {
      failed_rank = one;
    }
  }
  return {base::ExitStatus::run_failed, failed_rank,
          failed_rank == rank
              ? fmt::format("{} cannot exchange data: {}", describe_rank(rank),
                            what)
              : fmt::format("{} lives, but has not come to an exchange that "
                            "the others wait for ({})",
                            describe_rank(failed_rank), what)};
}

// Publishes a report, unless there is one already, and adopts the one that is
// published.
void HeartbeatMonitor::State::publish_failure(const FailureReport& report) {
  set_failure(parse_failure_report(
      store->compareSet(kFailureKey, "", serialize(report))));
}

void HeartbeatMonitor::State::set_failure(const FailureReport& report) {
  std::unique_lock lock(mutex);
  if (!failure) {
    failure = report;
  }
  changed.notify_all();
  const std::function<void()> call = std::exchange(interrupt, nullptr);
  lock.unlock();
  if (call) {
    call();
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
    state_->failure = {
        base::ExitStatus::run_failed, 0,
        state_->describe_rank(0) + " no longer answers: it stands still"};
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
  // The store goes away with rank 0, so the other ranks must read the report
  // first. The failed rank is not waited for.
  const auto deadline = Clock::now() + kFarewellTimeout;
  for (int64_t one = 1; one < std::ssize(state_->rank_names); ++one) {
    while (one != failed_rank && Clock::now() < deadline) {
      try {
        if (state_->store->check({farewell_key(one)})) {
          break;
        }
      } catch (const std::exception&) {
        return;
      }
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
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
  for (int64_t one = 1; one < std::ssize(state_->rank_names); ++one) {
    farewells.push_back(farewell_key(one));
  }
  try {
    state_->store->wait(farewells, kFarewellTimeout);
  } catch (const std::exception&) {  // all work is done: nothing is lost
  }
}

}  // namespace gato::train
