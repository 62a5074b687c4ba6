// Progress and counts of long work, on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gato::cli {

// On a terminal one line that is redrawn: done/total, rate, ETA. Elsewhere a
// plain line per interval (30 s). Silent with --quiet. One at a time.
class Progress {
 public:
  // `unit`: "episodes", "sequences" ...; total 0: not known. What was `done`
  // before counts in no rate.
  Progress(std::string label, std::string unit, int64_t total = 0,
           int64_t done = 0);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // Both throw Stopped after a signal (base/signals.h), unless a
  // ScopedStopDeferral lives. The note stands at the end of the line:
  // "loss 2.31".
  void advance(int64_t n = 1);
  void set_done(int64_t done, const std::string& note = "");

 private:
  void refresh();
  std::string status_text() const;
  std::string label_, unit_, note_;
  int64_t total_, done_, initial_done_;
  std::chrono::steady_clock::time_point start_, last_shown_;
  bool was_shown_ = false;
};

// The last line of a run: "counts: read 10, written 8, filtered 1, skipped 1".
// Names are words: an underscore becomes a space.
void log_counts(const std::vector<std::pair<std::string, int64_t>>& counts);

}  // namespace gato::cli
