#include "gato/env/robot/cube_pusher.h"

#include <algorithm>
#include <cmath>

namespace gato::env {
namespace {

// Resolves the overlaps of a motion of the gripper on a copy of the cubes.
class CubePusher {
 public:
  CubePusher(RobotCubes& cubes, std::span<const Prism> parts, double max_push)
      : cubes_(cubes), parts_(parts), max_push_(max_push) {}

  // Returns false if overlaps remain.
  bool resolve() {
    constexpr int kMaxPasses = 5;
    for (int pass = 0; pass < kMaxPasses; ++pass) {
      has_pushed_ = false;
      for (int cube = 0; cube < kCubeCount; ++cube) {
        if (!cubes_[cube].is_held && !push_by_gripper(cube)) {
          return false;
        }
      }
      for (int a = 0; a < kCubeCount; ++a) {
        for (int b = 0; b < a; ++b) {
          if (!cubes_[a].is_held && !cubes_[b].is_held && !push_apart(a, b)) {
            return false;
          }
        }
      }
      if (!has_pushed_) {
        return true;
      }
    }
    return false;
  }

 private:
  bool push_by_gripper(int cube) {
    for (const Prism& part : parts_) {
      if (!push(part, cube, 0)) {
        return false;
      }
    }
    for (const RobotCube& other : cubes_) {
      if (other.is_held && !push(other.prism, cube, 0)) {
        return false;
      }
    }
    return true;
  }

  // The one that is nearer to the gripper in the chain of pushes pushes the
  // other.
  bool push_apart(int a, int b) {
    return ranks_[a] <= ranks_[b] ? push(cubes_[a].prism, b, ranks_[a] + 1)
                                  : push(cubes_[b].prism, a, ranks_[b] + 1);
  }

  // Pushes a cube out of `pusher`. Returns false if that is too far or off the
  // table.
  bool push(const Prism& pusher, int cube, int rank) {
    if (!heights_overlap(pusher, cubes_[cube].prism)) {
      return true;
    }
    const BaseOverlap overlap = base_overlap(pusher, cubes_[cube].prism);
    if (overlap.depth <= kContactTolerance) {
      return true;
    }
    has_pushed_ = true;
    ranks_[cube] = std::min(ranks_[cube], rank);
    return overlap.depth <= max_push_ &&
           shift(cube, overlap.depth * overlap.direction);
  }

  // Moves a cube and those that stand on it.
  bool shift(int cube, TablePoint offset) {
    for (int other = 0; other < kCubeCount; ++other) {
      if (!cubes_[other].is_held &&
          std::abs(cubes_[other].prism.bottom - cubes_[cube].prism.top) <
              kContactTolerance &&
          bases_overlap(cubes_[other].prism, cubes_[cube].prism) &&
          !shift(other, offset)) {
        return false;
      }
    }
    Prism& prism = cubes_[cube].prism;
    prism.center = prism.center + offset;
    return is_on_table(prism);
  }

  RobotCubes& cubes_;
  std::span<const Prism> parts_;
  double max_push_;
  // The number of pushes between the gripper and each cube.
  std::array<int, kCubeCount> ranks_ = {9, 9, 9};
  bool has_pushed_ = false;
};

}  // namespace

bool is_on_table(const Prism& prism) {
  constexpr double kHalfSize = kTableHalfSize + kContactTolerance;
  const double reach = prism.reach({1, 0});
  return std::abs(prism.center.x) + reach <= kHalfSize &&
         std::abs(prism.center.y) + reach <= kHalfSize &&
         prism.bottom >= -kContactTolerance;
}

bool push_cubes(RobotCubes& cubes, std::span<const Prism> parts,
                double max_push) {
  return CubePusher(cubes, parts, max_push).resolve();
}

}  // namespace gato::env
