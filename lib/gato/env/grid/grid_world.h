// A world of rooms: walls, doors, objects and an agent that turns, walks,
// carries one object and opens doors.
//
// A world has columns x rows of square rooms, with walls of one cell between
// and around them. A wall between two rooms, and in some worlds a wall to the
// outside, has at most one door. Doors have different colors. No two objects
// have the same color and shape.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gato/base/random.h"
#include "gato/env/grid/grid_geometry.h"

namespace gato::env::grid {

// The actions.
inline constexpr int kTurnLeft = 0, kTurnRight = 1, kForward = 2, kPickUp = 3,
                     kDrop = 4, kToggle = 5, kWorldActionCount = 6;

// Indices of kColors and kShapes.
struct Kind {
  int color = 0, shape = 0;
  bool operator==(const Kind&) const = default;
};

struct Object {
  Kind kind;
  Cell cell;  // meaningless while the object is carried
};

enum class DoorState : uint8_t { open, closed, locked };

struct Door {
  Cell cell;
  int color = 0;
  DoorState state = DoorState::closed;
};

// The shape of a world.
struct Layout {
  int columns = 1, rows = 1;     // of rooms
  int room_size = 5;             // cells per side, without walls
  bool has_outer_doors = false;  // one in each outer wall of each room
};

class World {
 public:
  static constexpr int kMaxSide = 11, kMaxCells = kMaxSide * kMaxSide;

  World() = default;
  // Builds the walls, with a closed door at a random position of each wall that
  // has one. The inner doors come first in doors().
  World(const Layout& layout, base::RandomStream& random);

  // Puts a new object on a random free cell of a room, or of any room if it is
  // -1, such that no two objects touch, not even by a corner, and no object is
  // next to a door. This keeps all free cells of a room connected. Returns
  // false if there is no such cell.
  bool try_add_object(Kind kind, int room, base::RandomStream& random);
  // Puts the agent on a random free cell of a room, or of any room if it is -1,
  // facing a random direction.
  void place_agent(int room, base::RandomStream& random);
  void set_door_state(int door, DoorState state) { doors_[door].state = state; }

  // Performs an action of the agent:
  //   kTurnLeft, kTurnRight
  //   kForward  steps onto a free cell or into an open door
  //   kPickUp   takes the object ahead, if the hands are empty
  //   kDrop     puts the carried object on the cell ahead, if that is free and
  //             not a door
  //   kToggle   opens or closes the door ahead. A locked door opens only if the
  //             agent carries the key of its color, and is not locked again.
  // An action that is not possible has no effect.
  void apply(int action);

  const Layout& layout() const { return layout_; }
  int width() const { return width_; }
  int height() const { return height_; }
  const Pose& agent() const { return agent_; }
  const std::vector<Object>& objects() const { return objects_; }
  const std::vector<Door>& doors() const { return doors_; }
  // The following functions return an index of objects() or doors(), -1 if
  // there is none.
  int carried_object() const { return carried_; }
  int object_at(Cell cell) const {
    return contains(cell) ? object_at_[cell_index(cell)] : -1;
  }
  int door_at(Cell cell) const {
    return contains(cell) ? door_at_[cell_index(cell)] : -1;
  }
  int find_object(Kind kind) const;
  bool is_carried_key_of(const Door& door) const;

  // Numbers the cells of any world from 0 to kMaxCells - 1.
  static int cell_index(Cell cell) { return cell.y * kMaxSide + cell.x; }
  bool contains(Cell cell) const {
    return cell.x >= 0 && cell.y >= 0 && cell.x < width_ && cell.y < height_;
  }
  // Returns whether the cell is inside a room.
  bool is_floor(Cell cell) const {
    return contains(cell) && is_floor_[cell_index(cell)];
  }
  // Returns whether an object can be dropped there: floor without an object.
  bool is_empty_floor(Cell cell) const {
    return is_floor(cell) && object_at(cell) < 0;
  }
  bool is_open_door(Cell cell) const {
    const int door = door_at(cell);
    return door >= 0 && doors_[door].state == DoorState::open;
  }
  // Returns whether the agent can see through the cell.
  bool is_transparent(Cell cell) const {
    return is_floor(cell) || is_open_door(cell);
  }
  bool is_next_to_door(Cell cell) const;
  // Returns whether the cell touches an object, even by a corner.
  bool touches_object(Cell cell) const;

  // Returns the room that contains a floor cell. Rooms are numbered row by row.
  int room_of(Cell cell) const {
    const int pitch = layout_.room_size + 1;
    return cell.y / pitch * layout_.columns + cell.x / pitch;
  }
  // Returns the door of the wall that a cell is a part of, -1 if the cell is
  // not part of a wall with a door.
  int door_of_wall(Cell cell) const {
    return contains(cell) ? door_of_wall_[cell_index(cell)] : -1;
  }

 private:
  // Adds a door at a random cell of a wall that begins at `begin` and continues
  // for room_size cells in the direction `step`.
  void add_door(Cell begin, Cell step, base::RandomStream& random);
  // Returns the free cells of a room, or of all rooms if it is -1.
  std::vector<Cell> empty_floor_cells(int room) const;

  Layout layout_;
  int width_ = 0, height_ = 0;
  std::array<bool, kMaxCells> is_floor_{};
  std::array<int8_t, kMaxCells> object_at_{}, door_at_{}, door_of_wall_{};
  std::vector<Object> objects_;
  std::vector<Door> doors_;
  Pose agent_;
  int carried_ = -1;
};

}  // namespace gato::env::grid
