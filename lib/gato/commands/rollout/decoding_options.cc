#include "gato/commands/rollout/decoding_options.h"

#include "gato/commands/device_options.h"
#include "gato/model/device.h"
#include "gato/model/precision.h"

namespace gato::commands {

void add_decoding_options(cli::OptionTable& table, DecodingOptions& options) {
  table
      .add("precision", &options.precision,
           "Precision of the weights and of matrix multiplications. auto: bf16 "
           "on a GPU and on CPUs that multiply bf16 matrices in hardware, "
           "otherwise fp32. int8: weights of one byte with a scale per output "
           "channel, on a CPU only. On other CPUs, bf16 and int8 save memory "
           "but little time")
      .one_of({"auto", "fp32", "bf16", "int8"})
      .metavar("TYPE")
      .fixed_on_resume();
  add_device_option(table, options.device);
}

void add_resize_option(cli::OptionTable& table,
                       std::optional<std::string>& size) {
  table
      .add("resize", &size,
           "Resize images to the size that they had in training")
      .metavar("HxW")
      .default_is("the size that the model recorded")
      .fixed_on_resume();
}

model::LoadedModel load_model_for_decoding(const std::string& path,
                                           const DecodingOptions& options) {
  const at::Device device = model::parse_device(options.device);
  const model::Precision precision =
      model::parse_decoding_precision(options.precision, device);
  model::LoadedModel model = model::load_model(path);
  model.network->set_precision(precision);
  model.network->move_to(device);
  return model;
}

}  // namespace gato::commands
