// The environments of the domain puzzle/, which puzzle_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/environment.h"

namespace gato::env::puzzle {

std::unique_ptr<Environment> make_lights_out_4x4();
std::unique_ptr<Environment> make_lights_out_5x5();
std::unique_ptr<Environment> make_sliding_8();
std::unique_ptr<Environment> make_sokoban_5x5();
std::unique_ptr<Environment> make_sokoban_7x7();
std::unique_ptr<Environment> make_sokoban_10x10();

}  // namespace gato::env::puzzle
