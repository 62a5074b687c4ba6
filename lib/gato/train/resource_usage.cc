#include "gato/train/resource_usage.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/GradMode.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "gato/model/parameters.h"

namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;

void synchronize(at::Device device) {
  if (!device.is_cpu()) {
    at::accelerator::synchronizeDevice(device.index());
  }
}

}  // namespace

double training_flops(const model::ModelConfig& config, int64_t length,
                      int64_t tokens, int64_t targets) {
  int64_t block_matrix_elements = 0;
  for (const model::ParameterShape& parameter :
       model::parameter_shapes(config)) {
    if (parameter.has_weight_decay && parameter.name.starts_with("blocks.")) {
      block_matrix_elements += data::element_count(parameter.shape);
    }
  }
  const int64_t attention =
      12 * config.layers * config.heads * config.key_size * length;
  const int64_t output = config.vocabulary.size() * config.width;
  return static_cast<double>(tokens) *
             static_cast<double>(6 * block_matrix_elements + attention) +
         static_cast<double>(targets) * static_cast<double>(6 * output);
}

double measure_matmul_flops_per_second(at::Device device,
                                       model::Precision precision) {
  const c10::NoGradGuard no_grad;
  const at::TensorOptions options =
      at::TensorOptions(precision == model::Precision::bf16 ? at::kBFloat16
                                                            : at::kFloat)
          .device(device);
  const int64_t n = device.is_cpu() ? 1024 : 8192;
  // Random values, because some processors multiply zeros faster.
  const at::Tensor a = at::rand({n, n}, options), b = at::rand({n, n}, options);
  at::Tensor product = at::mm(a, b);
  // The fastest of several runs has been slowed down the least by other
  // processes.
  double min_seconds = std::numeric_limits<double>::infinity();
  const auto end = Clock::now() + std::chrono::milliseconds(100);
  do {
    synchronize(device);
    const auto start = Clock::now();
    at::mm_out(product, a, b);
    synchronize(device);
    min_seconds =
        std::min(min_seconds,
                 std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() < end);
  // A product of two n x n matrices takes 2 n^3 operations.
  return 2.0 * static_cast<double>(n) * static_cast<double>(n) *
         static_cast<double>(n) / min_seconds;
}

int64_t peak_memory(at::Device device) {
  if (!device.is_cpu()) {
    constexpr auto kAllPools =
        static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return c10::getDeviceAllocator(device.type())
        ->getDeviceStats(device.index())
        .allocated_bytes[kAllPools]
        .peak;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;  // ru_maxrss is in KiB on Linux
}

}  // namespace gato::train
