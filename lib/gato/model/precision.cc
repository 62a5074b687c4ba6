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

Precision default_precision(at::Device device) {
  return !device.is_cpu() || has_bf16_instructions() ? Precision::bf16
                                                     : Precision::fp32;
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
  return default_precision(device);
}

Precision parse_decoding_precision(const std::string& name, at::Device device) {
  if (name != "int8") {
    return parse_precision(name, device);
  }
  if (!device.is_cpu()) {
    throw base::usage_error(
        "--precision int8: int8 weights are for the CPU only: use auto, bf16 "
        "or fp32 on a GPU");
  }
  return Precision::int8;
}

std::string precision_name(Precision precision) {
  return precision == Precision::fp32   ? "fp32"
         : precision == Precision::bf16 ? "bf16"
                                        : "int8";
}

at::ScalarType compute_type(Precision precision, at::Device device) {
  if (precision == Precision::int8) {
    precision = default_precision(device);
  }
  return precision == Precision::bf16 ? at::kBFloat16 : at::kFloat;
}

}  // namespace gato::model
