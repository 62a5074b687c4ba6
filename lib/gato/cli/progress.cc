#include "gato/cli/progress.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "gato/base/signals.h"
#include "gato/cli/log.h"

namespace gato::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds redraw_interval{200};
constexpr std::chrono::seconds line_interval{30};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60,
                     whole % 60);
}

}  // namespace

Progress::Progress(std::string label, std::string unit, int64_t total,
                   int64_t done)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      done_(done),
      done_before_(done),
      start_(Clock::now()),
      drawn_(start_) {}

// A long run ends with its totals, on a terminal or in a file.
Progress::~Progress() {
  if (is_terminal()) show_status_line("");
  if (has_drawn_ && !is_quiet()) spdlog::info("{}", line());
}

void Progress::add(int64_t n) {
  done_ += n;
  update();
}

void Progress::set(int64_t done, const std::string& note) {
  done_ = done;
  note_ = note;
  update();
}

void Progress::update() {
  throw_if_stopped();
  const auto now = Clock::now();
  if (now - drawn_ < redraw_interval || is_quiet()) return;
  if (is_terminal()) {
    show_status_line(line());
  } else {
    if (now - drawn_ < line_interval) return;
    spdlog::info("{}", line());
  }
  drawn_ = now;
  has_drawn_ = true;
}

std::string Progress::line() const {
  const double elapsed = seconds_since(start_);
  const double rate =
      elapsed > 0 ? static_cast<double>(done_ - done_before_) / elapsed : 0;
  std::string text = fmt::format("{}: {}", label_, done_);
  if (total_ > 0) text += fmt::format("/{}", total_);
  text += fmt::format(" {}, {:.{}f}/s, {}", unit_, rate, rate < 10 ? 2 : 0,
                      duration_text(elapsed));
  if (total_ > done_ && rate > 0) {
    text += fmt::format(
        ", {} left", duration_text(static_cast<double>(total_ - done_) / rate));
  }
  if (!note_.empty()) text += ", " + note_;
  return text;
}

void report_counts(const std::vector<std::pair<std::string, int64_t>>& counts) {
  std::string text;
  for (auto [name, count] : counts) {
    std::ranges::replace(name, '_', ' ');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  }
  spdlog::info("counts: {}", text);
}

}  // namespace gato::cli
