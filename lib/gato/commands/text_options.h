// The options that say how text is read.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gato/cli/option_table.h"
#include "gato/ingest/text/text_source.h"

namespace gato::commands {

// Adds --format with the given choices, --text-key and --document-separator.
void add_text_options(cli::OptionTable& table,
                      ingest::TextSourceOptions& options,
                      std::vector<std::string> formats);

// Warns where these options do not seem to fit the inputs of a run.
class TextWarnings {
 public:
  explicit TextWarnings(std::string separator)  // as it was given
      : separator_(std::move(separator)) {}
  // After each next() of a source: at once of the first that looks like JSON
  // lines, since reading on may fail.
  void warn_if_json_lines(const ingest::TextSource& source);
  // At the end of a source.
  void count_missing_separator(const ingest::TextSource& source);
  // At the end of the run: how many inputs lack the separator.
  void warn_of_missing_separators() const;

 private:
  std::string separator_;
  bool has_warned_of_json_ = false;
  int64_t inputs_without_separator_ = 0;  // inputs
  std::string first_input_without_separator_;
};

}  // namespace gato::commands
