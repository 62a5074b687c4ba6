// The environments of the domain arcade/, which arcade_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_breakout();
std::unique_ptr<Environment> make_catch();
std::unique_ptr<Environment> make_chase();
std::unique_ptr<Environment> make_climber();
std::unique_ptr<Environment> make_coin_run();
std::unique_ptr<Environment> make_freeway();
std::unique_ptr<Environment> make_pong();

}  // namespace gato::env
