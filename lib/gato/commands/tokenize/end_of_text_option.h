// The option --end-of-text of commands that read texts of datasets.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "gato/cli/option_table.h"

namespace gato::commands {

// Adds --end-of-text. `option` is the marker, "none", or empty if the user does
// not say what markers mean.
void add_end_of_text_option(cli::OptionTable& table, std::string& option);

// The meaning of end-of-text markers within texts, and a warning about those
// that the option does not name.
class EndOfTextMarkers {
 public:
  explicit EndOfTextMarkers(const std::string& option)
      : counts_(option != "none"), marker_(option == "none" ? "" : option) {}

  // Returns the marker that the option names; empty if there is none.
  const std::string& marker() const { return marker_; }
  // Counts a document if its text contains a well-known marker that the option
  // does not name, unless the option is "none". Returns whether it was counted.
  // `location` names the document. Thread-safe.
  bool count(std::string_view text, const std::string& location);
  // Logs the warning. `other_advice` is what else can be done about a marker,
  // in which {} stands for it; it may be empty. Call at the end of the run.
  void warn(std::string_view other_advice) const;

 private:
  bool counts_;
  std::string marker_;
  std::mutex mutex_;  // protects the rest
  int64_t documents_ = 0;
  // The first of the documents by name, and the marker in it.
  std::string first_location_, first_marker_;
};

}  // namespace gato::commands
