// The main() of the benchmarks that have their own options.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "gato/base/malloc_options.h"

namespace gato::bench {

// Calls `work()` with malloc set up as the programs do. Returns the exit status
// of the program `name`: 1, with a message, if there is an exception.
template <class Work>
int run_as_program(const char* name, Work work) {
  base::disable_malloc_trim();
  base::limit_malloc_arenas();
  try {
    work();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return 1;
  }
}

}  // namespace gato::bench
