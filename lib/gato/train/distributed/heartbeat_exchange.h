// The messages that the ranks of a run exchange through the store: heartbeats,
// the failure of the job, and farewells.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/train/distributed/rendezvous.h"

namespace gato::train {

// The reason for the failure of the job. All ranks exit with the same report.
struct FailureReport {
  base::ExitStatus status = base::ExitStatus::run_failed;
  int64_t failed_rank = 0;  // the rank that caused it
  std::string message;      // names that rank
};

// One rank's side of the exchange. Functions that use the store throw its
// exceptions if it cannot be reached, and may block as long as it does.
// Heartbeats are exchanged by one thread only.
class HeartbeatExchange {
 public:
  HeartbeatExchange(const Rendezvous& rendezvous, int64_t rank);

  int64_t rank() const { return rank_; }
  int64_t rank_count() const { return std::ssize(rank_names_); }
  // Returns "rank N on HOST".
  std::string describe_rank(int64_t rank) const;

  // Publishes this rank's next heartbeat and the number of collectives that it
  // has begun.
  void send_heartbeat(int64_t collective_count);
  // Reads the heartbeats of these ranks.
  void read_heartbeats(const std::vector<int64_t>& ranks);
  // Returns a report on the one of these ranks that has been silent for the
  // longest, if for more than `limit`. Other silent ranks may have exited
  // because of it.
  std::optional<FailureReport> find_silent_rank(
      const std::vector<int64_t>& ranks, std::chrono::milliseconds limit) const;
  // Returns a report for a collective that failed with the message `what`
  // although all ranks are alive. The rank that has begun the fewest
  // collectives has not entered it. If no rank is behind this one, which has
  // begun `collective_count`, the report is on this rank.
  FailureReport find_slowest_rank(const std::string& what,
                                  int64_t collective_count) const;

  // Returns the failure of the job, if one is published.
  std::optional<FailureReport> read_failure() const;
  // Publishes a report, unless there is one already. Returns the one that is
  // published.
  FailureReport publish_failure(const FailureReport& report) const;

  // Notifies rank 0, which serves the store, that this rank no longer needs it.
  // Does nothing if rank 0 has exited.
  void send_farewell() const;
  // Both block until the other ranks no longer need the store, for a few
  // seconds at most. Called by rank 0, because the store disappears together
  // with it.
  void wait_for_farewells() const;
  // Waits for all ranks but the failed one.
  void wait_for_farewells_after_failure(int64_t failed_rank) const;

 private:
  // The last heartbeat of a rank, and when it was first read.
  struct LastHeartbeat {
    std::string value;
    std::chrono::steady_clock::time_point changed_at =
        std::chrono::steady_clock::now();
  };

  const Store store_;
  const std::vector<std::string> rank_names_;
  const int64_t rank_;
  int64_t heartbeat_count_ = 0;
  std::vector<LastHeartbeat> last_heartbeats_;  // [rank]
};

}  // namespace gato::train
