#include "gato/train/memory.h"

#include <sys/resource.h>

namespace gato {

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;
}

}  // namespace gato
