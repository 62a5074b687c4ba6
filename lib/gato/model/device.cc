#include "gato/model/device.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "gato/base/error.h"

namespace gato::model {

at::Device parse_device(const std::string& name,
                        [[maybe_unused]] int64_t index) {
  if (name == "cpu") {
    return at::kCPU;
  }
  if (name != "cuda") {
    throw base::usage_error("unknown device '{}': use cpu or cuda", name);
  }
#ifndef GATO_CUDA
  throw base::usage_error(
      "device cuda: this program was built without GPU support: build it with "
      "-DGATO_CUDA=ON, or use cpu");
#else
  const int64_t device_count = at::detail::getCUDAHooks().deviceCount();
  if (device_count == 0) {
    throw base::usage_error(
        "device cuda: no GPU is visible: check nvidia-smi and "
        "CUDA_VISIBLE_DEVICES, or use cpu");
  }
  if (index >= device_count) {
    throw base::usage_error(
        "device cuda: there is no GPU for process {} on this machine, which "
        "has {}: start at most one process per GPU",
        index, device_count);
  }
  // Keeps fp32 convolutions in fp32: by default, cuDNN rounds their inputs to
  // the 10-bit mantissa of TF32.
  at::globalContext().setAllowTF32CuDNN(false);
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
#endif
}

}  // namespace gato::model
