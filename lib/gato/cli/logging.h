// Messages on stderr and in a log file, through spdlog's default logger.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gato::cli {

// "gato-pack: warning: ..." on stderr; information has no level in front.
void init_logging(const std::string& program);

// After the options were read; again to write on into another file. Error (io)
// where the file cannot be written.
void configure_logging(const std::string& level, bool quiet,
                       const std::string& file);

// Writes to the log file alone, where there is one. Error (io) where it cannot;
// messages that cannot be written later are warned of once.
void log_to_file_only(const std::string& message);

bool is_quiet();

// A line on the terminal that messages must not run into: it is taken away
// before each message. An empty text takes it away.
void show_status_line(const std::string& text);
bool is_stderr_terminal();  // stderr can redraw a line

// Logs the last line of a run: "counts: read 10, written 8, filtered 1, skipped
// 1". Underscores in names become spaces.
void log_counts(const std::vector<std::pair<std::string, int64_t>>& counts);

}  // namespace gato::cli
