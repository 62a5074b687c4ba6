// The type in which the large matrix products are computed. Weights, statistics
// of norms and softmax, and the loss are always fp32.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace gato::model {

enum class Precision : uint8_t { fp32, bf16 };

// Parses "fp32", "bf16" or "auto": bf16 on a GPU and on processors with bf16
// instructions, else fp32. Throws Error(usage) for other names.
Precision parse_precision(const std::string& name, at::Device device);
// Returns "fp32" or "bf16".
std::string precision_name(Precision precision);

}  // namespace gato::model
