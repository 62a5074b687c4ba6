#include "gato/cli/terminal_progress.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "gato/cli/logging.h"

namespace gato::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kRedrawInterval{200};
constexpr std::chrono::seconds kLineInterval{30};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string format_duration(double seconds) {
  const auto rounded = static_cast<int64_t>(seconds + 0.5);
  if (rounded < 3600) {
    return fmt::format("{}:{:02}", rounded / 60, rounded % 60);
  }
  return fmt::format("{}:{:02}:{:02}", rounded / 3600, rounded / 60 % 60,
                     rounded % 60);
}

}  // namespace

void TerminalProgress::begin(const std::string& label, const std::string& unit,
                             int64_t total, int64_t initial_done) {
  label_ = label;
  unit_ = unit;
  note_.clear();
  total_ = total;
  done_ = initial_done_ = initial_done;
  start_ = last_shown_ = Clock::now();
  was_shown_ = false;
}

void TerminalProgress::update(int64_t done, const std::string& note) {
  done_ = done;
  note_ = note;
  const auto now = Clock::now();
  if (now - last_shown_ < kRedrawInterval || is_quiet()) {
    return;
  }
  if (is_stderr_terminal()) {
    show_status_line(status_text());
  } else {
    if (now - last_shown_ < kLineInterval) {
      return;
    }
    spdlog::info("{}", status_text());
  }
  last_shown_ = now;
  was_shown_ = true;
}

// Logs the totals of a task that was long enough to be shown.
void TerminalProgress::end() {
  if (is_stderr_terminal()) {
    show_status_line("");
  }
  if (was_shown_ && !is_quiet()) {
    spdlog::info("{}", status_text());
  }
}

std::string TerminalProgress::status_text() const {
  const double elapsed = seconds_since(start_);
  const double rate =
      elapsed > 0 ? static_cast<double>(done_ - initial_done_) / elapsed : 0;
  std::string text = fmt::format("{}: {}", label_, done_);
  if (total_ > 0) {
    text += fmt::format("/{}", total_);
  }
  text += fmt::format(" {}, {:.{}f}/s, {}", unit_, rate, rate < 10 ? 2 : 0,
                      format_duration(elapsed));
  if (total_ > done_ && rate > 0) {
    text += fmt::format(
        ", {} left",
        format_duration(static_cast<double>(total_ - done_) / rate));
  }
  if (!note_.empty()) {
    text += ", " + note_;
  }
  return text;
}

}  // namespace gato::cli
