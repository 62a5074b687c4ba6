// The environments of the domain grid/, which grid_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_goto();

}  // namespace gato::env
