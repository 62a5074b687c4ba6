// The options for reading text.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gato/cli/option_table.h"
#include "gato/ingest/text/text_source.h"

namespace gato::commands {

// Adds --format with the given choices, --text-key, --document-separator and
// --end-of-text.
void add_text_options(cli::OptionTable& table,
                      ingest::TextSourceOptions& options,
                      std::vector<std::string> formats);

// Logs warnings if these options do not seem to match the inputs of a run.
class TextWarnings {
 public:
  explicit TextWarnings(const ingest::TextSourceOptions& options)
      : separator_(options.document_separator),
        counts_end_of_text_(options.end_of_text.empty()) {}
  // Call after each next() of a source. Logs the warning about the first source
  // that looks like JSON lines immediately, because reading it may fail.
  void warn_if_json_lines(const ingest::TextSource& source);
  // Call at the end of a source. Warns of the first one that lacks line feeds.
  void count_missing_separator(const ingest::TextSource& source);
  // Counts a document that contains an end-of-text marker, unless an option
  // says what to do with it. Thread-safe.
  void count_end_of_text_marker(std::string_view text,
                                const std::string& location);
  // Call at the end of the run.
  void warn_of_end_of_text_markers() const;
  // Call at the end of the run. Reports how many inputs lack the separator.
  void warn_of_missing_separators() const;

 private:
  std::string separator_;
  bool counts_end_of_text_;
  std::mutex end_of_text_mutex_;  // protects the next three
  int64_t texts_with_end_of_text_ = 0;
  std::string end_of_text_, end_of_text_location_;  // of one such document
  bool has_warned_of_json_ = false, has_warned_of_line_feeds_ = false;
  int64_t inputs_without_separator_ = 0;
  std::string first_input_without_separator_;
};

}  // namespace gato::commands
