// The environments of the domain bodies/, which bodies_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

// Creates bodies/swimmer-N with N = `rods`, which is 3 to 6.
std::unique_ptr<Environment> make_swimmer(int rods);

}  // namespace gato::env
