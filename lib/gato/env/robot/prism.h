// Upright prisms with rectangular bases: the shapes of the world of robot/.
#pragma once

namespace gato::env {

struct TablePoint {
  double x = 0, y = 0;
};
inline TablePoint operator+(TablePoint a, TablePoint b) {
  return {a.x + b.x, a.y + b.y};
}
inline TablePoint operator-(TablePoint a, TablePoint b) {
  return {a.x - b.x, a.y - b.y};
}
inline TablePoint operator*(double factor, TablePoint a) {
  return {factor * a.x, factor * a.y};
}
inline double dot(TablePoint a, TablePoint b) { return a.x * b.x + a.y * b.y; }
// Returns `a` rotated counterclockwise by 90 degrees.
inline TablePoint perpendicular(TablePoint a) { return {-a.y, a.x}; }

struct Prism {
  TablePoint center;
  TablePoint axis = {1, 0};  // unit vector
  // Extents along the axis and across it.
  double half_length = 0, half_width = 0;
  double bottom = 0, top = 0;

  // Returns half of the extent along `direction`, a unit vector.
  double reach(TablePoint direction) const;
};

// The shortest move that separates the base of `b` from that of `a`: `depth`
// along the unit vector `direction`. Without an overlap, `depth` is at most 0
// and `direction` is undefined.
struct BaseOverlap {
  double depth = 0;
  TablePoint direction = {};
};
BaseOverlap base_overlap(const Prism& a, const Prism& b);

// Overlaps below this are rounding errors of prisms that touch.
inline constexpr double kContactTolerance = 1e-7;

inline bool bases_overlap(const Prism& a, const Prism& b) {
  return base_overlap(a, b).depth > kContactTolerance;
}
// Returns true if the heights of `a` and `b` overlap.
inline bool heights_overlap(const Prism& a, const Prism& b) {
  return a.top - b.bottom > kContactTolerance &&
         b.top - a.bottom > kContactTolerance;
}
// Returns true if the base of `prism` contains `point`.
bool contains(const Prism& prism, TablePoint point);

}  // namespace gato::env
