// The environments of the domain control/, which control_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_cartpole_swingup();

}  // namespace gato::env
