#include "gato/base/progress.h"

#include <fmt/format.h>

#include "gato/base/signals.h"

namespace gato::base {

Progress::Progress(ProgressDisplay* display, const std::string& label,
                   const std::string& unit, int64_t total, int64_t initial_done)
    : display_(display), done_(initial_done) {
  if (display_) {
    display_->begin(label, unit, total, initial_done);
  }
}

Progress::~Progress() {
  if (display_) {
    display_->end();
  }
}

void Progress::advance(int64_t count, const std::string& note) {
  set_done(done_ + count, note);
}

void Progress::set_done(int64_t done, const std::string& note) {
  throw_if_stopped();
  done_ = done;
  if (display_) {
    display_->update(done, note);
  }
}

void Progress::show_note(const std::string& note) {
  if (display_) {
    display_->update(done_, note);
  }
}

std::string bytes_read_note(int64_t bytes) {
  if (bytes == 0) {
    return "";
  }
  const auto value = static_cast<double>(bytes);
  return bytes < 1'000'000'000 ? fmt::format("{:.1f} MB read", value / 1e6)
                               : fmt::format("{:.2f} GB read", value / 1e9);
}

}  // namespace gato::base
