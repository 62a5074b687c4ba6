// Progress of long-running work on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "gato/base/progress.h"

namespace gato::cli {

// Redraws one line with done/total, rate and remaining time if stderr is a
// terminal. Otherwise logs a plain line every 30 seconds. Shows nothing with
// --quiet.
class TerminalProgress : public base::ProgressDisplay {
 public:
  void begin(const std::string& label, const std::string& unit, int64_t total,
             int64_t initial_done) override;
  void update(int64_t done, const std::string& note) override;
  void end() override;

 private:
  std::string status_text() const;

  std::string label_, unit_, note_;
  int64_t total_ = 0, done_ = 0, initial_done_ = 0;
  std::chrono::steady_clock::time_point start_, last_shown_;
  bool was_shown_ = false;
};

}  // namespace gato::cli
