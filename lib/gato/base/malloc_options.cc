#include "gato/base/malloc_options.h"

#include <malloc.h>

namespace gato::base {

void disable_malloc_trim() {
  constexpr int kMaxThreshold = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kMaxThreshold);
  mallopt(M_TRIM_THRESHOLD, kMaxThreshold);
}

void limit_malloc_arenas() { mallopt(M_ARENA_MAX, 1); }

}  // namespace gato::base
