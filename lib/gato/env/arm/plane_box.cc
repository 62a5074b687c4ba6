#include "gato/env/arm/plane_box.h"

#include <algorithm>
#include <limits>

namespace gato::env {
namespace {

bool overlap_in_x(const PlaneBox& a, const PlaneBox& b) {
  return std::min(a.right(), b.right()) - std::max(a.left(), b.left()) >
         kBoxTolerance;
}

}  // namespace

double shared_height(const PlaneBox& a, const PlaneBox& b) {
  return std::min(a.top(), b.top()) - std::max(a.bottom(), b.bottom());
}

double gap_x(const PlaneBox& box, const PlaneBox& other, double direction) {
  if ((other.center.x - box.center.x) * direction <= 0 ||
      shared_height(box, other) <= kBoxTolerance) {
    return std::numeric_limits<double>::infinity();
  }
  return std::max(0.0, direction > 0 ? other.left() - box.right()
                                     : box.left() - other.right());
}

double gap_z(const PlaneBox& box, const PlaneBox& other, double direction) {
  if ((other.center.z - box.center.z) * direction <= 0 ||
      !overlap_in_x(box, other)) {
    return std::numeric_limits<double>::infinity();
  }
  return std::max(0.0, direction > 0 ? other.bottom() - box.top()
                                     : box.bottom() - other.top());
}

}  // namespace gato::env
