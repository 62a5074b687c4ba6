#include "gato/env/grid/grid_world.h"

#include <algorithm>
#include <utility>

#include "gato/env/grid/grid_tiles.h"

namespace gato::env::grid {

World::World(const Layout& layout, base::RandomStream& random)
    : layout_(layout) {
  const int pitch = layout.room_size + 1;  // from a wall to the next one
  width_ = layout.columns * pitch + 1;
  height_ = layout.rows * pitch + 1;
  object_at_.fill(-1);
  door_at_.fill(-1);
  door_of_wall_.fill(-1);
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      is_floor_[cell_index({x, y})] = x % pitch != 0 && y % pitch != 0;
    }
  }
  for (const bool is_inner : {true, false}) {
    if (!is_inner && !layout.has_outer_doors) {
      break;
    }
    // Vertical walls, then horizontal ones.
    for (int row = 0; row < layout.rows; ++row) {
      for (int i = 0; i <= layout.columns; ++i) {
        if ((i > 0 && i < layout.columns) == is_inner) {
          add_door({i * pitch, row * pitch + 1}, {0, 1}, random);
        }
      }
    }
    for (int i = 0; i <= layout.rows; ++i) {
      for (int column = 0; column < layout.columns; ++column) {
        if ((i > 0 && i < layout.rows) == is_inner) {
          add_door({column * pitch + 1, i * pitch}, {1, 0}, random);
        }
      }
    }
  }
}

void World::add_door(Cell begin, Cell step, base::RandomStream& random) {
  const int index = static_cast<int>(doors_.size());
  Door door;
  const int position = static_cast<int>(random.uniform_int(layout_.room_size));
  door.cell = {begin.x + position * step.x, begin.y + position * step.y};
  do {
    door.color = static_cast<int>(random.uniform_int(kColors.size()));
  } while (std::ranges::find(doors_, door.color, &Door::color) != doors_.end());
  doors_.push_back(door);
  door_at_[cell_index(door.cell)] = static_cast<int8_t>(index);
  for (int i = 0; i < layout_.room_size; ++i) {
    door_of_wall_[cell_index({begin.x + i * step.x, begin.y + i * step.y})] =
        static_cast<int8_t>(index);
  }
}

bool World::try_add_object(Kind kind, int room, base::RandomStream& random) {
  std::vector<Cell> cells = empty_floor_cells(room);
  std::erase_if(cells, [this](Cell cell) {
    return is_next_to_door(cell) || touches_object(cell);
  });
  if (cells.empty()) {
    return false;
  }
  const Cell cell = cells[random.uniform_int(cells.size())];
  object_at_[cell_index(cell)] = static_cast<int8_t>(objects_.size());
  objects_.push_back({kind, cell});
  return true;
}

void World::place_agent(int room, base::RandomStream& random) {
  const std::vector<Cell> cells = empty_floor_cells(room);
  agent_.cell = cells[random.uniform_int(cells.size())];
  agent_.direction = static_cast<int>(random.uniform_int(4));
}

std::vector<Cell> World::empty_floor_cells(int room) const {
  std::vector<Cell> cells;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const Cell cell = {x, y};
      if (is_empty_floor(cell) && (room < 0 || room_of(cell) == room)) {
        cells.push_back(cell);
      }
    }
  }
  return cells;
}

void World::apply(int action) {
  const Cell ahead = cell_ahead(agent_);
  const int object = object_at(ahead), door = door_at(ahead);
  if (action == kTurnLeft || action == kTurnRight) {
    agent_ = turned(agent_, action == kTurnLeft ? -1 : 1);
  } else if (action == kForward) {
    if (is_empty_floor(ahead) || is_open_door(ahead)) {
      agent_.cell = ahead;
    }
  } else if (action == kPickUp) {
    if (object >= 0 && carried_ < 0) {
      object_at_[cell_index(ahead)] = -1;
      carried_ = object;
    }
  } else if (action == kDrop) {
    if (carried_ >= 0 && is_empty_floor(ahead)) {
      object_at_[cell_index(ahead)] = static_cast<int8_t>(carried_);
      objects_[std::exchange(carried_, -1)].cell = ahead;
    }
  } else if (door >= 0) {
    DoorState& state = doors_[door].state;
    if (state != DoorState::locked) {
      state = state == DoorState::open ? DoorState::closed : DoorState::open;
    } else if (is_carried_key_of(doors_[door])) {
      state = DoorState::open;
    }
  }
}

int World::find_object(Kind kind) const {
  const auto found = std::ranges::find(objects_, kind, &Object::kind);
  return found == objects_.end() ? -1
                                 : static_cast<int>(found - objects_.begin());
}

bool World::is_carried_key_of(const Door& door) const {
  return carried_ >= 0 && objects_[carried_].kind == Kind{door.color, kKey};
}

bool World::is_next_to_door(Cell cell) const {
  return std::ranges::any_of(doors_, [cell](const Door& door) {
    return are_adjacent(door.cell, cell);
  });
}

bool World::touches_object(Cell cell) const {
  for (int y = cell.y - 1; y <= cell.y + 1; ++y) {
    for (int x = cell.x - 1; x <= cell.x + 1; ++x) {
      if (object_at({x, y}) >= 0) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace gato::env::grid
