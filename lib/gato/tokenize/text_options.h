// The options that say how text is read.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gato/cli/options.h"
#include "gato/ingest/text_source.h"

namespace gato {

// Adds --format with the given choices, --text-key and --document-separator.
void add_text_options(cli::OptionTable& table, TextSourceOptions& options,
                      std::vector<std::string> formats);

// Warns where these options do not seem to fit the inputs of a run.
class TextWarnings {
 public:
  explicit TextWarnings(std::string separator)  // as it was given
      : separator_(std::move(separator)) {}
  // After each next() of a source: at once of the first that looks like JSON
  // lines, since reading on may fail.
  void look(const TextSource& source);
  // At the end of a source.
  void end(const TextSource& source);
  // At the end of the run: how many inputs lack the separator.
  void warn() const;

 private:
  std::string separator_;
  bool has_warned_of_json_ = false;
  int64_t lack_separator_ = 0;  // inputs
  std::string first_without_separator_;
};

}  // namespace gato
