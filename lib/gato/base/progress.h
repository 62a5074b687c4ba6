// Progress of long-running work: the library counts it and the caller displays
// it.
#pragma once

#include <cstdint>
#include <string>

namespace gato::base {

// Shows the progress of one task at a time.
class ProgressDisplay {
 public:
  virtual ~ProgressDisplay() = default;

  // Begins a task. `unit` names what is counted ("episodes", "sequences").
  // `total` is 0 if it is unknown. The first `initial_done` units were done
  // earlier and do not count toward the rate.
  virtual void begin(const std::string& label, const std::string& unit,
                     int64_t total, int64_t initial_done) = 0;
  // Shows that `done` units are complete. `note` ends the line ("loss 2.31").
  virtual void update(int64_t done, const std::string& note) = 0;
  // Ends the task, whether it is complete or not.
  virtual void end() = 0;
};

// Counts the units of one task, which ends when this object is destroyed. Shows
// nothing if the display is null.
class Progress {
 public:
  Progress(ProgressDisplay* display, const std::string& label,
           const std::string& unit, int64_t total = 0,
           int64_t initial_done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Add to the count, or set it. Both throw StoppedBySignal after a signal
  // (base/signals.h) unless a ScopedStopDeferral is alive.
  void advance(int64_t count = 1, const std::string& note = "");
  void set_done(int64_t done, const std::string& note = "");
  // Shows another note with the same count. Does not throw after a signal.
  void show_note(const std::string& note);

 private:
  ProgressDisplay* display_;
  int64_t done_;
};

// Returns a note such as "12.5 MB read"; empty if nothing has been read.
std::string bytes_read_note(int64_t bytes);

}  // namespace gato::base
