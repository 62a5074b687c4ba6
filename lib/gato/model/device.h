// Selection of the device that computes the network.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace gato::model {

// Parses "cpu" or "cuda", which is the visible GPU number `index`. Throws
// Error(usage) for other names, if the program was built without GATO_CUDA, or
// if there is no such GPU.
at::Device parse_device(const std::string& name, int64_t index = 0);

}  // namespace gato::model
