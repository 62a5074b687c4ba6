// The environments of the domain grid/, which grid_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env::grid {

std::unique_ptr<Environment> make_boss();
std::unique_ptr<Environment> make_goto();
std::unique_ptr<Environment> make_goto_door();
std::unique_ptr<Environment> make_goto_maze();
std::unique_ptr<Environment> make_goto_rooms();
std::unique_ptr<Environment> make_open();
std::unique_ptr<Environment> make_pickup();
std::unique_ptr<Environment> make_pickup_rooms();
std::unique_ptr<Environment> make_put_next();
std::unique_ptr<Environment> make_put_next_rooms();
std::unique_ptr<Environment> make_sequence();
std::unique_ptr<Environment> make_unlock();
std::unique_ptr<Environment> make_unlock_pickup();

}  // namespace gato::env::grid
