// The environments of the domain maze/, which maze_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_maze_apples();
std::unique_ptr<Environment> make_maze_goal();
std::unique_ptr<Environment> make_maze_object();
std::unique_ptr<Environment> make_maze_seek_avoid();

}  // namespace gato::env
