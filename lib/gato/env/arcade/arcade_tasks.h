// The environments of the domain arcade/, which arcade_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_catch();

}  // namespace gato::env
