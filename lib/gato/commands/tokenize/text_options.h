// The options for reading text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/cli/option_table.h"
#include "gato/ingest/text/text_source.h"

namespace gato::commands {

// Adds --format with the given choices, --text-key and --document-separator.
void add_text_options(cli::OptionTable& table,
                      ingest::TextSourceOptions& options,
                      std::vector<std::string> formats);

// Logs warnings if these options do not seem to match the inputs of a run.
class TextWarnings {
 public:
  explicit TextWarnings(const ingest::TextSourceOptions& options)
      : separator_(options.document_separator) {}
  // Call after each next() of a source. Logs the warning about the first source
  // that looks like JSON lines immediately, because reading it may fail.
  void warn_if_json_lines(const ingest::TextSource& source);
  // Call at the end of a source. Warns of the first one that lacks line feeds.
  void count_missing_separator(const ingest::TextSource& source);
  // Call at the end of the run. Reports how many inputs lack the separator.
  void warn_of_missing_separators() const;

  // Advice about an end-of-text marker in plain text; see
  // EndOfTextMarkers::warn().
  static constexpr const char* kMarkerAdvice =
      "--document-separator '{}' to divide plain text at it, ";

 private:
  std::string separator_;
  bool has_warned_of_json_ = false, has_warned_of_line_feeds_ = false;
  int64_t inputs_without_separator_ = 0;
  std::string first_input_without_separator_;
};

}  // namespace gato::commands
