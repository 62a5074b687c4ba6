#include "gato/rollout/control_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "gato/eval/statistics.h"

namespace gato::rollout {
namespace {

struct LatencyStatistics {
  double median = 0, p95 = 0, p99 = 0, max = 0;
};

// Returns nothing if there are no latencies.
std::optional<LatencyStatistics> compute_statistics(
    const std::vector<double>& latencies) {
  if (latencies.empty()) {
    return std::nullopt;
  }
  return LatencyStatistics{
      eval::percentile(latencies, 50), eval::percentile(latencies, 95),
      eval::percentile(latencies, 99), std::ranges::max(latencies)};
}

}  // namespace

ControlTiming& ControlTiming::operator+=(const ControlTiming& other) {
  latencies.insert(latencies.end(), other.latencies.begin(),
                   other.latencies.end());
  overruns += other.overruns;
  return *this;
}

nlohmann::json summarize_timing(double period, const ControlTiming& timing) {
  nlohmann::json summary = {{"period", period},
                            {"steps", timing.latencies.size()},
                            {"overruns", timing.overruns},
                            {"median", nullptr},
                            {"p95", nullptr},
                            {"p99", nullptr},
                            {"max", nullptr}};
  if (const auto statistics = compute_statistics(timing.latencies)) {
    summary["median"] = statistics->median;
    summary["p95"] = statistics->p95;
    summary["p99"] = statistics->p99;
    summary["max"] = statistics->max;
  }
  return summary;
}

std::string describe_timing(const ControlTiming& timing) {
  std::string line = fmt::format("overruns {} of {}", timing.overruns,
                                 timing.latencies.size());
  if (const auto statistics = compute_statistics(timing.latencies)) {
    line += fmt::format(
        ", latency median {:.3f}, 95 % {:.3f}, 99 % {:.3f}, max {:.3f} ms",
        1000 * statistics->median, 1000 * statistics->p95,
        1000 * statistics->p99, 1000 * statistics->max);
  }
  return line;
}

void ControlClock::begin(Duration period, Time arrival) {
  period_ = period;
  start_ = arrival_ = arrival;
  tick_ = 0;
  timing_ = {};
}

void ControlClock::schedule(Time now) {
  // Tick 0, the reply to the reset, lasts until tick 1.
  if (tick_ == 0 && now < tick_time(1)) {
    send_time_ = now;
    return;
  }
  if (now > tick_time(tick_)) {
    const int64_t next = (now - start_ + period_ - Duration(1)) / period_;
    timing_.overruns += next - tick_;
    tick_ = next;
  }
  send_time_ = tick_time(tick_);
}

bool ControlClock::may_send(Time now) {
  if (now < send_time_) {
    return false;
  }
  if (now >= tick_time(tick_ + 1)) {
    schedule(now);
  }
  return now >= send_time_;
}

void ControlClock::send(Time now) {
  timing_.latencies.push_back(
      std::chrono::duration<double>(now - arrival_).count());
  ++tick_;
}

}  // namespace gato::rollout
