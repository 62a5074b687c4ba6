// Options of the commands that compute the loss of a model.
#pragma once

#include <string>

#include "gato/cli/option_table.h"
#include "gato/model/model_directory.h"

namespace gato::commands {

struct LossOptions {
  std::string precision = "auto", device = "cpu";
};

// Adds --precision and --device.
void add_loss_options(cli::OptionTable& table, LossOptions& options);

// Loads a model on the device in the precision. Throws what model::load_model()
// throws, and Error(usage) before loading it if the device is not available.
model::LoadedModel load_model_for_loss(const std::string& path,
                                       const LossOptions& options);

}  // namespace gato::commands
