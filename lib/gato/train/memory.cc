#include "gato/train/memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

namespace gato {

int64_t peak_memory(at::Device device) {
  if (!device.is_cpu()) {
    constexpr auto all = size_t(c10::CachingAllocator::StatType::AGGREGATE);
    return c10::getDeviceAllocator(device.type())
        ->getDeviceStats(device.index())
        .allocated_bytes[all]
        .peak;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;
}

}  // namespace gato
