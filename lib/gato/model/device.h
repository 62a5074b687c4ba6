// Where the network is computed.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace gato::model {

// "cpu", or "cuda": the GPU of this number among those that are visible. Error
// (usage) for another name, and where the program was built without GATO_CUDA
// or there is no such GPU.
at::Device parse_device(const std::string& name, int64_t index = 0);

}  // namespace gato::model
