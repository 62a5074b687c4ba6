// Messages on stderr and in a log file, through spdlog's default logger.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gato::cli {

// Logs to stderr as "gato-pack: warning: ...". Messages of level info have no
// level in front.
void init_logging(const std::string& program);

// Applies the logging options. May be called again to continue in another log
// file. Throws Error(io) if the file cannot be written.
void configure_logging(const std::string& level, bool quiet,
                       const std::string& file);

// Writes a message to the log file only, if there is one. Throws Error(io) if
// it cannot be written. A failure to write a later message is reported once, as
// a warning.
void log_to_file_only(const std::string& message);

// Returns whether --quiet was given.
bool is_quiet();

// Shows a status line on the terminal. It is erased before each message, so
// that the two do not mix. An empty text erases it.
void show_status_line(const std::string& text);
// Returns whether stderr is a terminal, on which a line can be redrawn.
bool is_stderr_terminal();

// Logs the last line of a run: "counts: read 10, written 8, filtered 1, skipped
// 1". Underscores in names become spaces.
void log_counts(const std::vector<std::pair<std::string, int64_t>>& counts);

}  // namespace gato::cli
