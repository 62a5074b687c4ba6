// What this process has used.
#pragma once

#include <cstdint>

namespace gato {

// Largest resident size so far, in bytes.
int64_t peak_memory();

}  // namespace gato
