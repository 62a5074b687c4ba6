#include "gato/cli/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>

#include "gato/base/error.h"

namespace gato::cli {
namespace {

// "warning: ", "error: "; nothing for information.
class LevelPrefix : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& destination) override {
    if (message.level == spdlog::level::info) return;
    const auto name = spdlog::level::to_string_view(message.level);
    destination.append(name.begin(), name.end());
    destination.append(std::string_view(": "));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelPrefix>();
  }
};

std::unique_ptr<spdlog::formatter> make_formatter(const std::string& pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LevelPrefix>('*').set_pattern(pattern);
  return formatter;
}

// Owns the last line of the terminal.
class StandardError : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void show(const std::string& text) {
    const std::lock_guard lock(mutex_);
    clear();
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
    has_line_ = !text.empty();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    clear();
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  void clear() {
    if (has_line_) std::fputs("\r\033[K", stderr);
    has_line_ = false;
  }
  bool has_line_ = false;
};

std::shared_ptr<StandardError> standard_error;
std::shared_ptr<spdlog::sinks::basic_file_sink_mt> log_file;
bool quiet_run = false;

}  // namespace

void start_log(const std::string& program) {
  standard_error = std::make_shared<StandardError>();
  standard_error->set_formatter(make_formatter("%n: %*%v"));
  log_file = nullptr;
  quiet_run = false;
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>(program, standard_error));
}

void configure_log(const std::string& level, bool quiet,
                   const std::string& file) {
  const auto threshold = spdlog::level::from_str(level);
  quiet_run = quiet;
  standard_error->set_level(quiet ? std::max(threshold, spdlog::level::warn)
                                  : threshold);
  const auto logger = spdlog::default_logger();
  logger->set_level(threshold);
  if (file.empty()) return;
  try {
    log_file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  } catch (const spdlog::spdlog_ex& error) {
    throw io_error("--log-file: {}", error.what());
  }
  log_file->set_formatter(make_formatter("%Y-%m-%dT%H:%M:%S%z %P %n: %*%v"));
  logger->sinks() = {standard_error, log_file};
  logger->flush_on(spdlog::level::trace);
  // A disk that fills up ends no work of days; spdlog would show every failure.
  logger->set_error_handler([told = std::make_shared<std::atomic<bool>>(false)](
                                const std::string& what) {
    if (told->exchange(true)) return;
    standard_error->log({spdlog::default_logger()->name(), spdlog::level::warn,
                         "--log-file: " + what});
  });
}

void log_to_file(const std::string& message) {
  if (!log_file) return;
  try {
    log_file->log(
        {spdlog::default_logger()->name(), spdlog::level::info, message});
    log_file->flush();
  } catch (const spdlog::spdlog_ex& error) {
    spdlog::default_logger()->sinks() = {standard_error};
    log_file = nullptr;
    throw io_error("--log-file: {}", error.what());
  }
}

bool is_quiet() { return quiet_run; }

void show_status_line(const std::string& text) {
  struct winsize size {};
  ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
  const size_t width = size.ws_col > 1 ? size.ws_col - 1 : 79;
  standard_error->show(text.substr(0, width));
}

bool is_terminal() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) && terminal &&
         std::string_view(terminal) != "dumb";
}

}  // namespace gato::cli
