#include "gato/model/decode/decode_kernels.h"

#include <algorithm>
#include <vector>

namespace gato::model {

int64_t attention_scratch_size(int64_t key_size, int64_t ring_size) {
  // The largest of all instruction sets; see AttentionScratch.
  constexpr int64_t kMaxRows = 16, kMaxTileColumns = 32;
  return kMaxRows * (2 * key_size + 2 * ring_size + 4 * kMaxTileColumns) +
         std::max(ring_size, key_size);
}

std::span<const DecodeKernels* const> supported_decode_kernels() {
  static const std::vector<const DecodeKernels*> supported = [] {
    std::vector<const DecodeKernels*> kernels = {baseline_decode_kernels()};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      kernels.push_back(avx2_decode_kernels());
      if (__builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512vl")) {
        kernels.push_back(avx512_decode_kernels());
        if (__builtin_cpu_supports("avx512bf16") &&
            __builtin_cpu_supports("avx512vnni")) {
          kernels.push_back(avx512_bf16_decode_kernels());
        }
      }
    }
#endif
    return kernels;
  }();
  return supported;
}

const DecodeKernels& decode_kernels() {
  return *supported_decode_kernels().back();
}

}  // namespace gato::model
