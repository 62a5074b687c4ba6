// The options that every program has.
#pragma once

#include <string>
#include <vector>

#include "gato/cli/tool.h"

namespace gato::cli {

// Options that run() itself acts on.
struct InvocationOptions {
  bool help = false, version = false, dump_config = false;
  std::optional<std::string> files_from;
  std::string shard = "1/1";
};

// Adds --output, the options of the command and the common ones to `table`.
// They are bound to `common` and `invocation_options`, which must outlive the
// table. Returns the function that does the command's work. Throws
// std::logic_error if the command resumes runs and an option does not say how
// it may change.
CommandFunction build_option_table(const Command& command,
                                   CommonOptions& common,
                                   InvocationOptions& invocation_options,
                                   OptionTable& table);

}  // namespace gato::cli
