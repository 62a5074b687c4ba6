#include "gato/model/precision.h"

#include "gato/base/error.h"

namespace gato::model {
namespace {

// Processors with AMX also have the avx512_bf16 instructions.
bool has_bf16_instructions() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace

Precision parse_precision(const std::string& name, at::Device device) {
  if (name == "fp32") {
    return Precision::fp32;
  }
  if (name == "bf16") {
    return Precision::bf16;
  }
  if (name != "auto") {
    throw base::usage_error("unknown precision '{}': use auto, bf16 or fp32",
                            name);
  }
  return !device.is_cpu() || has_bf16_instructions() ? Precision::bf16
                                                     : Precision::fp32;
}

std::string precision_name(Precision precision) {
  return precision == Precision::bf16 ? "bf16" : "fp32";
}

}  // namespace gato::model
