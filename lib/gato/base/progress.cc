#include "gato/base/progress.h"

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

void Progress::advance(int64_t count) { set_done(done_ + count); }

void Progress::set_done(int64_t done, const std::string& note) {
  throw_if_stopped();
  done_ = done;
  if (display_) {
    display_->update(done, note);
  }
}

}  // namespace gato::base
