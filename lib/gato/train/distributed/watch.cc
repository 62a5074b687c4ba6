#include "gato/train/distributed/watch.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds interval{500};
// Without a sign of life for this long, a rank is gone where an exchange has
// failed already.
constexpr milliseconds short_limit{3000};
// Rank 0, which serves the others, waits so long for them to read the verdict.
constexpr milliseconds farewell{5000};
// Between a verdict and the end of a process that does not ask for it: it
// computes, or waits for its GPU, for something that nobody needs any more.
constexpr milliseconds patience{10000};

constexpr const char* verdict_key = "verdict";
std::string beat_key(int64_t rank) { return fmt::format("beat/{}", rank); }
std::string farewell_key(int64_t rank) { return fmt::format("bye/{}", rank); }

std::string to_text(const Verdict& verdict) {
  return fmt::format("{} {} {}", static_cast<int>(verdict.status), verdict.rank,
                     verdict.message);
}

Verdict to_verdict(const std::string& text) {
  std::istringstream stream(text);
  int status = 0;
  Verdict verdict;
  stream >> status >> verdict.rank;
  verdict.status = ExitStatus{status};
  stream.get();
  std::getline(stream, verdict.message, '\0');
  return verdict;
}

}  // namespace

struct Watch::State {
  // What is known of a rank: the last that it told, and since when.
  struct Sign {
    std::string beat;
    Clock::time_point since = Clock::now();
  };

  State(const Meeting& meeting, int64_t own_rank, milliseconds limit)
      : store(meeting.watch),
        names(meeting.names),
        rank(own_rank),
        timeout(limit),
        signs(meeting.names.size()) {}

  std::string named(int64_t one) const {
    return fmt::format("rank {} on {}", one, names[one]);
  }

  void run();
  void round();
  void tell();
  bool read_verdict();
  void look_at(const std::vector<int64_t>& others);
  std::optional<Verdict> suspect(const std::vector<int64_t>& others,
                                 milliseconds limit) const;
  Verdict slowest(const std::string& what) const;
  void publish(const Verdict& verdict);
  void decide(const Verdict& verdict);
  void guard();
  void look_for_silence();

  const Store store;
  const std::vector<std::string> names;
  const int64_t rank;
  const milliseconds timeout;
  std::atomic<int64_t> exchanges{0};

  // Of the thread alone.
  int64_t beats = 0;
  std::vector<Sign> signs;

  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  bool is_leaving = false;
  std::optional<Verdict> own, found;  // to be published; of the job
  bool is_known = false;              // the verdict, to those who asked
  int writers = 0;                    // of what is of use afterwards
  std::function<void()> interrupt;
  std::string alarm;  // how an exchange has failed here
  Clock::time_point alarm_since;
  Clock::time_point heard = Clock::now();  // of the store

  std::thread thread, guarding;
};

// The store stands with rank 0 or with torchrun, which ends with it.
void Watch::State::run() {
  std::unique_lock lock(mutex);
  while (!is_leaving && !found) {
    lock.unlock();
    try {
      round();
    } catch (const std::exception&) {
      decide({ExitStatus::run_failed, 0,
              named(0) + " is gone: it can no longer be reached"});
    }
    lock.lock();
    heard = Clock::now();
    changed.wait_for(lock, interval, [this] { return is_leaving || own; });
  }
  lock.unlock();
  try {
    store->set(farewell_key(rank), std::string("bye"));
  } catch (const std::exception&) {  // rank 0 is gone: nobody waits
  }
}

// A thread of its own: the one that talks with the store may hang in it.
void Watch::State::guard() {
  std::unique_lock lock(mutex);
  std::optional<Clock::time_point> since;  // of the verdict
  while (!is_leaving && !is_known) {
    changed.wait_for(lock, interval);
    look_for_silence();
    if (!found || writers > 0) continue;
    if (!since) since = Clock::now();
    if (is_leaving || is_known || Clock::now() - *since < patience) continue;
    spdlog::error("{}; what this rank computes is of no use any more",
                  found->message);
    spdlog::default_logger()->flush();
    std::_Exit(static_cast<int>(found->status));
  }
}

// Under the mutex.
void Watch::State::look_for_silence() {
  if (found || Clock::now() - heard <= timeout) return;
  found = {ExitStatus::run_failed, 0,
           named(0) + " no longer answers: it stands still"};
}

void Watch::State::round() {
  tell();
  std::optional<Verdict> mine;
  {
    const std::lock_guard lock(mutex);
    mine = own;
  }
  if (mine) publish(*mine);
  if (read_verdict()) return;
  std::unique_lock lock(mutex);
  const std::string what = alarm;
  const auto since = alarm_since;
  lock.unlock();
  const bool is_alarmed = !what.empty();
  std::vector<int64_t> others;
  for (int64_t one = 0; one < std::ssize(names); ++one) {
    const bool is_watched = rank == 0 || one == 0 || is_alarmed;
    if (one != rank && is_watched) others.push_back(one);
  }
  look_at(others);
  if (const auto blamed = suspect(others, is_alarmed ? short_limit : timeout)) {
    publish(*blamed);
  } else if (is_alarmed && Clock::now() - since > short_limit + interval) {
    publish(slowest(what));
  }
}

void Watch::State::tell() {
  store->set(beat_key(rank), fmt::format("{} {}", ++beats, exchanges.load()));
}

bool Watch::State::read_verdict() {
  if (!store->check({verdict_key})) return false;
  decide(to_verdict(store->get_to_str(verdict_key)));
  return true;
}

void Watch::State::look_at(const std::vector<int64_t>& others) {
  for (const int64_t one : others) {
    if (!store->check({beat_key(one)})) continue;
    const std::string beat = store->get_to_str(beat_key(one));
    if (beat != signs[one].beat) signs[one] = {beat, Clock::now()};
  }
}

// Of several the one that was silent for longest: they may have ended because
// of it.
std::optional<Verdict> Watch::State::suspect(const std::vector<int64_t>& others,
                                             milliseconds limit) const {
  const Sign* silent = nullptr;
  int64_t blamed = 0;
  for (const int64_t one : others) {
    const Sign& sign = signs[one];
    if (Clock::now() - sign.since <= limit) continue;
    if (silent && silent->since <= sign.since) continue;
    silent = &sign;
    blamed = one;
  }
  if (!silent) return std::nullopt;
  return Verdict{
      ExitStatus::run_failed, blamed,
      fmt::format(
          "{} has not answered for {:.0f} s: it has ended "
          "or stands still",
          named(blamed),
          std::chrono::duration<double>(Clock::now() - silent->since).count())};
}

// All live, yet an exchange failed: somebody has not come to it.
Verdict Watch::State::slowest(const std::string& what) const {
  const auto exchanges_of = [this](int64_t one) -> int64_t {
    const std::string& beat = signs[one].beat;
    if (one == rank) return exchanges;
    return beat.empty() ? -1 : std::stoll(beat.substr(beat.find(' ')));
  };
  int64_t blamed = rank;
  for (int64_t one = 0; one < std::ssize(names); ++one) {
    if (exchanges_of(one) < exchanges_of(blamed)) blamed = one;
  }
  return {ExitStatus::run_failed, blamed,
          blamed == rank
              ? fmt::format("{} cannot exchange data: {}", named(rank), what)
              : fmt::format("{} lives, but has not come to an exchange that "
                            "the others wait for ({})",
                            named(blamed), what)};
}

// The first one counts.
void Watch::State::publish(const Verdict& verdict) {
  decide(to_verdict(store->compareSet(verdict_key, "", to_text(verdict))));
}

void Watch::State::decide(const Verdict& verdict) {
  std::unique_lock lock(mutex);
  if (!found) found = verdict;
  changed.notify_all();
  const std::function<void()> call = std::exchange(interrupt, nullptr);
  lock.unlock();
  if (call) call();
}

Watch::Watch(const Meeting& meeting, int64_t rank, milliseconds timeout)
    : state_(std::make_shared<State>(meeting, rank, timeout)) {
  state_->thread = std::thread([state = state_] { state->run(); });
  state_->guarding = std::thread([state = state_] { state->guard(); });
}

Watch::~Watch() {
  std::unique_lock lock(state_->mutex);
  state_->is_leaving = true;
  const bool may_hang = state_->found.has_value();
  lock.unlock();
  state_->changed.notify_all();
  state_->guarding.join();
  if (!state_->thread.joinable()) return;
  if (may_hang) {
    state_->thread.detach();
  } else {
    state_->thread.join();
  }
}

void Watch::on_verdict(std::function<void()> interrupt) {
  std::unique_lock lock(state_->mutex);
  if (!state_->found) {
    state_->interrupt = std::move(interrupt);
    return;
  }
  lock.unlock();
  interrupt();
}

void Watch::begin_writing() {
  const std::lock_guard lock(state_->mutex);
  ++state_->writers;
}

void Watch::end_writing() {
  const std::lock_guard lock(state_->mutex);
  --state_->writers;
}

void Watch::count_exchange() { ++state_->exchanges; }

std::optional<Verdict> Watch::verdict() const {
  const std::lock_guard lock(state_->mutex);
  state_->look_for_silence();
  state_->is_known = state_->found.has_value();
  state_->changed.notify_all();
  return state_->found;
}

Verdict Watch::find_cause(const std::string& what) {
  std::unique_lock lock(state_->mutex);
  state_->alarm = what;
  state_->alarm_since = Clock::now();
  state_->changed.wait_for(lock, 2 * short_limit,
                           [this] { return state_->found.has_value(); });
  if (!state_->found) {
    state_->found = {ExitStatus::run_failed, 0,
                     state_->named(0) + " no longer answers: it stands still"};
  }
  state_->is_known = true;
  state_->changed.notify_all();
  return *state_->found;
}

void Watch::give_up(ExitStatus status, const std::string& message) {
  std::unique_lock lock(state_->mutex);
  state_->is_known = true;
  state_->changed.notify_all();
  if (!state_->found) {
    state_->own = {status, state_->rank,
                   fmt::format("{}: {}", state_->named(state_->rank), message)};
    state_->changed.notify_all();
    state_->changed.wait_for(lock, short_limit,
                             [this] { return state_->found.has_value(); });
  }
  if (state_->rank != 0 || !state_->found) return;
  const int64_t blamed = state_->found->rank;
  lock.unlock();
  const auto deadline = Clock::now() + farewell;
  for (int64_t one = 1; one < std::ssize(state_->names); ++one) {
    while (one != blamed && Clock::now() < deadline) {
      try {
        if (state_->store->check({farewell_key(one)})) break;
      } catch (const std::exception&) {
        return;
      }
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
}

void Watch::leave() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_leaving = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
  if (state_->rank != 0) return;
  std::vector<std::string> farewells;
  for (int64_t one = 1; one < std::ssize(state_->names); ++one) {
    farewells.push_back(farewell_key(one));
  }
  try {
    state_->store->wait(farewells, farewell);
  } catch (const std::exception&) {  // its work is done, whatever became of it
  }
}

}  // namespace gato
