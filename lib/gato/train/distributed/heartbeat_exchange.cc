#include "gato/train/distributed/heartbeat_exchange.h"

#include <fmt/format.h>

#include <exception>
#include <sstream>
#include <thread>

// The keys of the store:
//   heartbeat/RANK  "HEARTBEATS COLLECTIVES", the numbers of both so far
//   failure         the FailureReport of the job: "STATUS RANK MESSAGE"
//   farewell/RANK   set by a rank that no longer needs the store
// The first report in the store counts (compareSet), so that all ranks agree on
// it.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Maximum time that rank 0, which serves the store, waits for the other ranks
// to read the failure report.
constexpr milliseconds kFarewellTimeout{5000};

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

HeartbeatExchange::HeartbeatExchange(const Rendezvous& rendezvous, int64_t rank)
    : store_(rendezvous.heartbeat_store),
      rank_names_(rendezvous.rank_names),
      rank_(rank),
      last_heartbeats_(rendezvous.rank_names.size()) {}

std::string HeartbeatExchange::describe_rank(int64_t rank) const {
  return fmt::format("rank {} on {}", rank, rank_names_[rank]);
}

void HeartbeatExchange::send_heartbeat(int64_t collective_count) {
  store_->set(heartbeat_key(rank_),
              fmt::format("{} {}", ++heartbeat_count_, collective_count));
}

void HeartbeatExchange::read_heartbeats(const std::vector<int64_t>& ranks) {
  for (const int64_t rank : ranks) {
    if (!store_->check({heartbeat_key(rank)})) {
      continue;
    }
    const std::string heartbeat = store_->get_to_str(heartbeat_key(rank));
    if (heartbeat != last_heartbeats_[rank].value) {
      last_heartbeats_[rank] = {heartbeat, Clock::now()};
    }
  }
}

std::optional<FailureReport> HeartbeatExchange::find_silent_rank(
    const std::vector<int64_t>& ranks, milliseconds limit) const {
  const LastHeartbeat* longest_silent = nullptr;
  int64_t failed_rank = 0;
  for (const int64_t rank : ranks) {
    const LastHeartbeat& heartbeat = last_heartbeats_[rank];
    if (Clock::now() - heartbeat.changed_at <= limit) {
      continue;
    }
    if (longest_silent && longest_silent->changed_at <= heartbeat.changed_at) {
      continue;
    }
    longest_silent = &heartbeat;
    failed_rank = rank;
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

FailureReport HeartbeatExchange::find_slowest_rank(
    const std::string& what, int64_t collective_count) const {
  const auto collective_count_of = [&](int64_t rank) -> int64_t {
    const std::string& heartbeat = last_heartbeats_[rank].value;
    if (rank == rank_) {
      return collective_count;
    }
    return heartbeat.empty()
               ? -1
               : std::stoll(heartbeat.substr(heartbeat.find(' ')));
  };
  int64_t failed_rank = rank_;
  for (int64_t rank = 0; rank < rank_count(); ++rank) {
    if (collective_count_of(rank) < collective_count_of(failed_rank)) {
      failed_rank = rank;
    }
  }
  return {
      base::ExitStatus::run_failed, failed_rank,
      failed_rank == rank_
          ? fmt::format("{} cannot communicate: {}", describe_rank(rank_), what)
          : fmt::format("{} is alive but has not entered a collective that the "
                        "other ranks are waiting for ({})",
                        describe_rank(failed_rank), what)};
}

std::optional<FailureReport> HeartbeatExchange::read_failure() const {
  if (!store_->check({kFailureKey})) {
    return std::nullopt;
  }
  return parse_failure_report(store_->get_to_str(kFailureKey));
}

FailureReport HeartbeatExchange::publish_failure(
    const FailureReport& report) const {
  return parse_failure_report(
      store_->compareSet(kFailureKey, "", serialize(report)));
}

void HeartbeatExchange::send_farewell() const {
  try {
    store_->set(farewell_key(rank_), std::string("bye"));
  } catch (const std::exception&) {  // rank 0 has exited and does not wait
  }
}

void HeartbeatExchange::wait_for_farewells() const {
  std::vector<std::string> farewells;
  for (int64_t rank = 1; rank < rank_count(); ++rank) {
    farewells.push_back(farewell_key(rank));
  }
  try {
    store_->wait(farewells, kFarewellTimeout);
  } catch (const std::exception&) {  // all work is done: nothing is lost
  }
}

void HeartbeatExchange::wait_for_farewells_after_failure(
    int64_t failed_rank) const {
  const auto deadline = Clock::now() + kFarewellTimeout;
  for (int64_t rank = 1; rank < rank_count(); ++rank) {
    while (rank != failed_rank && Clock::now() < deadline) {
      try {
        if (store_->check({farewell_key(rank)})) {
          break;
        }
      } catch (const std::exception&) {
        return;
      }
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
}

}  // namespace gato::train
