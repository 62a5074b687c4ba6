// spdlog's default logger has up to two sinks. stderr_sink writes messages to
// stderr and owns the status line, which it erases before each message; a mutex
// in the sink keeps the two from mixing. file_sink exists if there is a log
// file; it flushes every message and, unlike stderr, ignores --quiet.
#include "gato/cli/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>

#include "gato/base/error.h"
#include "gato/base/string_util.h"

namespace gato::cli {
namespace {

// A spdlog flag that writes "warning: ", "error: " and so on, but nothing for
// level info.
class LevelPrefix : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& destination) override {
    if (message.level == spdlog::level::info) {
      return;
    }
    const auto name = spdlog::level::to_string_view(message.level);
    destination.append(name.begin(), name.end());
    destination.append(std::string_view(": "));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelPrefix>();
  }
};

// A spdlog flag that writes the message with control characters escaped, since
// names of files and of records in them may contain any. Line feeds that a
// message indents the next line after are its own.
class EscapedMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& destination) override {
    constexpr std::string_view kOwnLineEnd = "\n  ";
    std::string_view rest(message.payload.data(), message.payload.size());
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(kOwnLineEnd), rest.size());
      destination.append(base::escape_control_characters(rest.substr(0, end)));
      rest.remove_prefix(end);
      if (!rest.empty()) {
        destination.append(kOwnLineEnd);
        rest.remove_prefix(kOwnLineEnd.size());
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<EscapedMessage>();
  }
};

std::unique_ptr<spdlog::formatter> make_formatter(const std::string& pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LevelPrefix>('*')
      .add_flag<EscapedMessage>('q')
      .set_pattern(pattern);
  return formatter;
}

// A sink for stderr that owns the status line, the last line of the terminal.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void show_status_line(const std::string& text) {
    const std::lock_guard lock(mutex_);
    clear_status_line();
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
    has_status_line_ = !text.empty();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    clear_status_line();
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  void clear_status_line() {
    if (has_status_line_) {
      std::fputs("\r\033[K", stderr);
    }
    has_status_line_ = false;
  }
  bool has_status_line_ = false;
};

std::shared_ptr<StderrSink> stderr_sink;
std::shared_ptr<spdlog::sinks::basic_file_sink_mt> file_sink;
bool quiet_mode = false;

}  // namespace

void init_logging(const std::string& program) {
  stderr_sink = std::make_shared<StderrSink>();
  stderr_sink->set_formatter(make_formatter("%n: %*%q"));
  file_sink = nullptr;
  quiet_mode = false;
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>(program, stderr_sink));
}

void configure_logging(const std::string& level, bool quiet,
                       const std::string& file) {
  const auto threshold = spdlog::level::from_str(level);
  quiet_mode = quiet;
  stderr_sink->set_level(quiet ? std::max(threshold, spdlog::level::warn)
                               : threshold);
  const auto logger = spdlog::default_logger();
  logger->set_level(threshold);
  if (file.empty()) {
    return;
  }
  try {
    file_sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  } catch (const spdlog::spdlog_ex& error) {
    throw base::io_error("--log-file: {}", error.what());
  }
  file_sink->set_formatter(make_formatter("%Y-%m-%dT%H:%M:%S%z %P %n: %*%q"));
  logger->sinks() = {stderr_sink, file_sink};
  logger->flush_on(spdlog::level::trace);
  // A full disk must not end a run of several days, so a failed write of the
  // log is only a warning. spdlog by itself would report every failure.
  logger->set_error_handler([was_reported = std::make_shared<std::atomic<bool>>(
                                 false)](const std::string& what) {
    if (was_reported->exchange(true)) {
      return;
    }
    stderr_sink->log({spdlog::default_logger()->name(), spdlog::level::warn,
                      "--log-file: " + what});
  });
}

void log_to_file_only(const std::string& message) {
  if (!file_sink) {
    return;
  }
  try {
    file_sink->log(
        {spdlog::default_logger()->name(), spdlog::level::info, message});
    file_sink->flush();
  } catch (const spdlog::spdlog_ex& error) {
    spdlog::default_logger()->sinks() = {stderr_sink};
    file_sink = nullptr;
    throw base::io_error("--log-file: {}", error.what());
  }
}

bool is_quiet() { return quiet_mode; }

void show_status_line(const std::string& text) {
  struct winsize size {};
  ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
  const size_t width = size.ws_col > 1 ? size.ws_col - 1 : 79;
  stderr_sink->show_status_line(text.substr(0, width));
}

bool is_stderr_terminal() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) && terminal &&
         std::string_view(terminal) != "dumb";
}

void log_counts(const std::vector<std::pair<std::string, int64_t>>& counts) {
  std::string text;
  for (auto [name, count] : counts) {
    std::ranges::replace(name, '_', ' ');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  }
  spdlog::info("counts: {}", text);
}

}  // namespace gato::cli
