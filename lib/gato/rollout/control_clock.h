// The times at which actions are sent, for environments that run in real time.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace gato::rollout {

// The timing of an episode with a control period.
struct ControlTiming {
  // The time in seconds from the arrival of each observation to the sending of
  // its action. One element per step.
  std::vector<double> latencies;
  int64_t overruns = 0;  // ticks at which no action was ready

  ControlTiming& operator+=(const ControlTiming& other);
};

// Returns {"period", "steps", "overruns", "median", "p95", "p99", "max"}, all
// times in seconds. Percentiles are interpolated linearly; those of no steps
// are null.
nlohmann::json summarize_timing(double period, const ControlTiming& timing);
// Returns the same as a line: "overruns 2 of 500, latency median 3.125, 95 %
// 4.500, 99 % 5.250, max 7.000 ms".
std::string describe_timing(const ControlTiming& timing);

// The clock of an episode. Its ticks are multiples of the period, counted from
// the reply to the reset. The first action is sent as soon as it is known, and
// every other one at a tick. An action that is not known at its tick is sent at
// the next tick to come; the ticks that were missed are overruns. Since ticks
// do not depend on when actions were sent, delays do not add up.
class ControlClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // Begins an episode with the arrival of its first observation.
  void begin(Duration period, Time arrival);
  // Records the arrival of another observation.
  void observe(Time arrival) { arrival_ = arrival; }
  // Chooses the tick of the action for the last observation, which is known
  // since `now`.
  void schedule(Time now);
  // Returns when the action is to be sent.
  Time send_time() const { return send_time_; }
  // Returns whether the action can be sent. If it is late by a period or more,
  // it is scheduled again.
  bool may_send(Time now);
  // Records that the action is sent.
  void send(Time now);

  // Returns the timing of the steps so far.
  const ControlTiming& timing() const { return timing_; }
  ControlTiming take_timing() { return std::move(timing_); }

 private:
  Time tick_time(int64_t tick) const { return start_ + tick * period_; }

  Duration period_{};
  Time start_, arrival_, send_time_;
  int64_t tick_ = 0;  // at which the next action is due
  ControlTiming timing_;
};

}  // namespace gato::rollout
