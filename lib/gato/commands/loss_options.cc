#include "gato/commands/loss_options.h"

#include "gato/model/device.h"
#include "gato/model/precision.h"

namespace gato::commands {

void add_loss_options(cli::OptionTable& table, LossOptions& options) {
  table
      .add("precision", &options.precision,
           "Precision of matrix multiplications. auto: bf16 on a GPU and on "
           "CPUs that multiply bf16 matrices in hardware, otherwise fp32")
      .one_of({"auto", "bf16", "fp32"})
      .metavar("TYPE");
  table
      .add("device", &options.device,
           "Where to compute; cuda requires programs built with GATO_CUDA")
      .one_of({"cpu", "cuda"})
      .metavar("DEVICE");
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
