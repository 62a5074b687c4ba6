// Missions in words. The grammar:
//
//   mission = clause | clause ", then " mission
//   clause  = "go to the " thing | "pick up the " object | "open the " door
//           | "unlock the " door | "put the " object " next to the " object
//   thing   = object | door
//   object  = color " " ("ball" | "box" | "key")
//   door    = color " door"
//   color   = "red" | "green" | "blue" | "yellow" | "purple" | "white"
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gato/env/grid/grid_world.h"

namespace gato::env::grid {

enum class Verb : uint8_t {
  go_to_object,  // face it
  go_to_door,    // face it
  pick_up,       // carry it
  open,          // have the door open
  unlock,        // the same
  put_next,      // have both on the floor, sharing an edge
};

// A clause. `target` is an index of World::doors() for go_to_door, open and
// unlock, otherwise of World::objects(), as `other` is.
struct Instruction {
  Verb verb = Verb::go_to_object;
  int target = 0;
  int other = 0;  // put_next only: the object to put the target next to
};

// Instructions to be followed one after the other.
using Mission = std::vector<Instruction>;

// Returns the text of the instructions in the grammar above.
std::string describe(const World& world, std::span<const Instruction> mission);

// Returns whether the instruction is fulfilled now.
bool is_fulfilled(const World& world, const Instruction& instruction);

// Returns the cells of what the instruction names, except what is carried.
std::vector<Cell> named_cells(const World& world,
                              const Instruction& instruction);

}  // namespace gato::env::grid
