// Options of all commands that decode with a model.
#pragma once

#include <optional>
#include <string>

#include "gato/cli/option_table.h"
#include "gato/model/model_directory.h"

namespace gato::commands {

struct DecodingOptions {
  std::string precision = "auto", device = "cpu";
};

// Adds --precision and --device.
void add_decoding_options(cli::OptionTable& table, DecodingOptions& options);

// Adds --resize of the images that the model reads.
void add_resize_option(cli::OptionTable& table,
                       std::optional<std::string>& size);

// Loads a model for decoding on the device in the precision. Throws the
// errors of model::load_model(), and Error(usage) before loading it if the
// device is not available or does not support the precision.
model::LoadedModel load_model_for_decoding(const std::string& path,
                                           const DecodingOptions& options);

}  // namespace gato::commands
