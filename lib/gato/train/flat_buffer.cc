#include "gato/train/flat_buffer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace gato::train {
namespace {

double sum_of_squares(const float* values, int64_t n) {
  std::array<double, 8> lane{};  // independent sums, which can be pipelined
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int64_t j = 0; j < 8; ++j) {
      lane[j] += static_cast<double>(values[i + j]) *
                 static_cast<double>(values[i + j]);
    }
  }
  for (; i < n; ++i) {
    lane[0] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  }
  double sum = 0;
  for (double part : lane) {
    sum += part;
  }
  return sum;
}

}  // namespace

double l2_norm(const at::Tensor& flat) {
  if (!flat.is_cpu()) {
    return at::linalg_vector_norm(flat).item<double>();
  }
  // The blocks, and the order in which they are added, are the same for every
  // number of threads, and so is the result.
  constexpr int64_t kBlockSize = 1 << 16;
  const float* values = flat.const_data_ptr<float>();
  const int64_t n = flat.numel(), blocks = (n + kBlockSize - 1) / kBlockSize;
  std::vector<double> partial(blocks);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      partial[i] = sum_of_squares(values + i * kBlockSize,
                                  std::min(kBlockSize, n - i * kBlockSize));
    }
  });
  double sum = 0;
  for (double part : partial) {
    sum += part;
  }
  return std::sqrt(sum);
}

}  // namespace gato::train
