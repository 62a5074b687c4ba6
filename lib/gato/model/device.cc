#include "gato/model/device.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "gato/base/error.h"

namespace gato {

at::Device device_named(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") {
    throw usage_error("unknown device '{}': give cpu or cuda", name);
  }
#ifndef GATO_CUDA
  throw usage_error(
      "device cuda: this program was built without GPUs; build it with "
      "-DGATO_CUDA=ON, or compute on the cpu");
#else
  if (at::detail::getCUDAHooks().deviceCount() == 0) {
    throw usage_error(
        "device cuda: no GPU is visible here; look at nvidia-smi and "
        "CUDA_VISIBLE_DEVICES, or compute on the cpu");
  }
  // fp32 is fp32: by default convolutions round to 10 bits.
  at::globalContext().setAllowTF32CuDNN(false);
  return {at::kCUDA, 0};
#endif
}

}  // namespace gato
