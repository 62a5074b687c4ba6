// The type that the large products of the network are computed in. Weights,
// normalisation and softmax statistics and the loss are fp32 in either case.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace gato::model {

enum class Precision : uint8_t { fp32, bf16 };

// "fp32", "bf16", or "auto": bf16 on a GPU, and where this processor multiplies
// it in hardware. Else Error (usage).
Precision parse_precision(const std::string& name, at::Device device);
// "fp32" or "bf16".
std::string precision_name(Precision precision);

}  // namespace gato::model
