#include "gato/base/heap.h"

#include <malloc.h>

namespace gato {

void keep_freed_memory() {
  constexpr int never = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, never);
  mallopt(M_TRIM_THRESHOLD, never);
}

void share_one_heap() { mallopt(M_ARENA_MAX, 1); }

}  // namespace gato
