#include "gato/model/device.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "gato/base/error.h"

namespace gato::model {

at::Device parse_device(const std::string& name,
                        [[maybe_unused]] int64_t index) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") {
    throw base::usage_error("unknown device '{}': give cpu or cuda", name);
  }
#ifndef GATO_CUDA
  throw base::usage_error(
      "device cuda: this program was built without GPUs; build it with "
      "-DGATO_CUDA=ON, or compute on the cpu");
#else
  const int64_t device_count = at::detail::getCUDAHooks().deviceCount();
  if (device_count == 0) {
    throw base::usage_error(
        "device cuda: no GPU is visible here; look at nvidia-smi and "
        "CUDA_VISIBLE_DEVICES, or compute on the cpu");
  }
  if (index >= device_count) {
    throw base::usage_error(
        "device cuda: process {} of this machine has no GPU, {} are visible; "
        "start as many processes as there are GPUs",
        index, device_count);
  }
  // fp32 is fp32: by default convolutions round to 10 bits.
  at::globalContext().setAllowTF32CuDNN(false);
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
#endif
}

}  // namespace gato::model
