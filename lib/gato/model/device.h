// Where the network is computed.
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace gato {

// "cpu", or "cuda": the current GPU. Error (usage) for another name, and where
// the program was built without GATO_CUDA or no GPU can be used.
at::Device device_named(const std::string& name);

}  // namespace gato
