// The options that say how text is read.
#pragma once

#include <string>
#include <vector>

#include "gato/cli/options.h"
#include "gato/ingest/text_source.h"

namespace gato {

// Adds --format with the given choices, --text-key and --document-separator.
void add_text_options(cli::OptionTable& table, TextSourceOptions& options,
                      std::vector<std::string> formats);

}  // namespace gato
