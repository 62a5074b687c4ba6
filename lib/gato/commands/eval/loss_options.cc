#include "gato/commands/eval/loss_options.h"

#include "gato/commands/device_options.h"
#include "gato/model/device.h"
#include "gato/model/precision.h"

namespace gato::commands {

void add_loss_options(cli::OptionTable& table, LossOptions& options) {
  add_precision_option(table, options.precision);
  add_device_option(table, options.device);
}

model::LoadedModel load_model_for_loss(const std::string& path,
                                       const LossOptions& options) {
  const at::Device device = model::parse_device(options.device);
  const auto precision = model::parse_precision(options.precision, device);
  model::LoadedModel model = model::load_model(path);
  model.network->move_to(device);
  model.network->set_precision(precision);
  return model;
}

}  // namespace gato::commands
