// What this process has used.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace gato {

// Most bytes so far: of a GPU, those that tensors took up; of the CPU, the
// largest resident size of the process.
int64_t peak_memory(at::Device device);

}  // namespace gato
