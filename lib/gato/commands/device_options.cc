#include "gato/commands/device_options.h"

namespace gato::commands {

void add_device_option(cli::OptionTable& table, std::string& device) {
  table
      .add("device", &device,
           "Device to compute on; cuda requires programs built with GATO_CUDA")
      .one_of({"cpu", "cuda"})
      .metavar("DEVICE")
      .fixed_on_resume();
}

void add_precision_option(cli::OptionTable& table, std::string& precision,
                          const std::string& note) {
  table
      .add("precision", &precision,
           "Precision of matrix multiplications. auto: bf16 on a GPU and on "
           "CPUs that multiply bf16 matrices in hardware, otherwise fp32" +
               note)
      .one_of({"auto", "bf16", "fp32"})
      .metavar("TYPE")
      .fixed_on_resume();
}

}  // namespace gato::commands
