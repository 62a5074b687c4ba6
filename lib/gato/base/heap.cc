#include "gato/base/heap.h"

#include <malloc.h>

namespace gato {

void keep_freed_memory() {
  constexpr int never = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, never);
  mallopt(M_TRIM_THRESHOLD, never);
}

}  // namespace gato
