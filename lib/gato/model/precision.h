// The type in which the large matrix products are computed. Master weights,
// statistics of norms and softmax, and the loss are always fp32.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace gato::model {

// int8 is for decoding on a CPU only: weights are int8 with a scale per output
// channel. Other computations of such a network have its compute_type().
enum class Precision : uint8_t { fp32, bf16, int8 };

// Parses "fp32", "bf16" or "auto": bf16 on a GPU and on processors with bf16
// instructions, else fp32. Throws Error(usage) for other names.
Precision parse_precision(const std::string& name, at::Device device);
// Parses the same names and "int8". Throws Error(usage) if that is the name and
// the device is not a CPU.
Precision parse_decoding_precision(const std::string& name, at::Device device);
// Returns "fp32", "bf16" or "int8".
std::string precision_name(Precision precision);

// Returns the type of matrix products: fp32 or bf16; for int8 that of "auto".
at::ScalarType compute_type(Precision precision, at::Device device);

}  // namespace gato::model
