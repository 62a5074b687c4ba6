// Boxes in a vertical plane that never rotate: the shapes of the world of arm/.
#pragma once

namespace gato::env {

struct ArmPoint {
  double x = 0, z = 0;
};
inline ArmPoint operator+(ArmPoint a, ArmPoint b) {
  return {a.x + b.x, a.z + b.z};
}
inline ArmPoint operator-(ArmPoint a, ArmPoint b) {
  return {a.x - b.x, a.z - b.z};
}

struct PlaneBox {
  ArmPoint center;
  double half_width = 0, half_height = 0;

  double left() const { return center.x - half_width; }
  double right() const { return center.x + half_width; }
  double bottom() const { return center.z - half_height; }
  double top() const { return center.z + half_height; }
};

// Overlaps below this are rounding errors of boxes that touch.
inline constexpr double kBoxTolerance = 1e-9;

// Returns the overlap of the heights of `a` and `b`, negative if they do not
// overlap.
double shared_height(const PlaneBox& a, const PlaneBox& b);
// Return the distance that `box` can move in `direction` (-1 or 1) along x or z
// until it touches `other`, infinity if `other` is not in its way.
double gap_x(const PlaneBox& box, const PlaneBox& other, double direction);
double gap_z(const PlaneBox& box, const PlaneBox& other, double direction);

}  // namespace gato::env
