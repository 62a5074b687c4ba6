#include "gato/env/robot/prism.h"

#include <cmath>
#include <initializer_list>

namespace gato::env {

double Prism::reach(TablePoint direction) const {
  return half_length * std::abs(dot(direction, axis)) +
         half_width * std::abs(dot(direction, perpendicular(axis)));
}

// Separating axes of two rectangles: their sides (Gottschalk, Lin & Manocha
// 1996).
BaseOverlap base_overlap(const Prism& a, const Prism& b) {
  const TablePoint offset = b.center - a.center;
  const double reach = a.half_length + a.half_width + b.half_length +
                       b.half_width;  // more than both of their radii
  BaseOverlap overlap = {.depth = reach};
  if (dot(offset, offset) > reach * reach) {
    return {.depth = -1};
  }
  for (const TablePoint axis :
       {a.axis, perpendicular(a.axis), b.axis, perpendicular(b.axis)}) {
    const double distance = dot(offset, axis);
    const double depth = a.reach(axis) + b.reach(axis) - std::abs(distance);
    if (depth < overlap.depth) {
      overlap = {depth, distance < 0 ? -1.0 * axis : axis};
      if (depth <= 0) {
        return overlap;
      }
    }
  }
  return overlap;
}

bool contains(const Prism& prism, TablePoint point) {
  const TablePoint offset = point - prism.center;
  return std::abs(dot(offset, prism.axis)) <= prism.half_length &&
         std::abs(dot(offset, perpendicular(prism.axis))) <= prism.half_width;
}

}  // namespace gato::env
