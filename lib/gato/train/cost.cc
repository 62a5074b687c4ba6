#include "gato/train/cost.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "gato/model/parameters.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;

void wait_for(at::Device device) {
  if (!device.is_cpu()) at::accelerator::synchronizeDevice(device.index());
}

}  // namespace

double training_operations(const ModelConfig& config, int64_t length,
                           int64_t tokens, int64_t targets) {
  int64_t matrices = 0;
  for (const ParameterShape& parameter : parameter_shapes(config)) {
    if (parameter.decays && parameter.name.starts_with("blocks."))
      matrices += element_count(parameter.shape);
  }
  const int64_t attention =
      12 * config.layers * config.heads * config.key_size * length;
  const int64_t output = config.vocabulary.size() * config.width;
  return double(tokens) * double(6 * matrices + attention) +
         double(targets) * double(6 * output);
}

double product_rate(at::Device device, Precision precision) {
  const c10::NoGradGuard no_grad;
  const at::TensorOptions options =
      at::TensorOptions(precision == Precision::bf16 ? at::kBFloat16
                                                     : at::kFloat)
          .device(device);
  const int64_t n = device.is_cpu() ? 1024 : 8192;
  // Not zeros, which some machines multiply faster.
  const at::Tensor a = at::rand({n, n}, options), b = at::rand({n, n}, options);
  at::Tensor product = at::mm(a, b);
  double shortest = std::numeric_limits<double>::infinity();
  const auto end = Clock::now() + std::chrono::milliseconds(100);
  do {
    wait_for(device);
    const auto start = Clock::now();
    at::mm_out(product, a, b);
    wait_for(device);
    shortest = std::min(
        shortest, std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() < end);
  return 2.0 * double(n) * double(n) * double(n) / shortest;
}

}  // namespace gato
