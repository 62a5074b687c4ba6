// gato-info --html: a page that shows what is in files.
#pragma once

#include <cstdint>
#include <string>

#include "gato/commands/info/info_check.h"
#include "gato/eval/page/model_page.h"

namespace gato::commands {

struct PageOptions {
  std::string output;  // the HTML file
  bool force = false;  // replaces an existing file
  double max_megabytes = 5;
  std::string data;  // --data; becomes attention.data
  CheckOptions checks;
  eval::AttentionChoice attention;  // of models
};

// Adds --html and the options that only it uses.
void add_page_options(cli::OptionTable& table, PageOptions& page);

// Writes a page about all inputs. Throws Error(io) if the SentencePiece model
// cannot be read, Error(bad_input) if an input cannot be shown, and
// Error(usage) if the page would be larger than the limit.
void write_page(const PageOptions& options, const cli::CommandContext& context);

}  // namespace gato::commands
