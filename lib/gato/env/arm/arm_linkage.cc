#include "gato/env/arm/arm_linkage.h"

#include <algorithm>
#include <cmath>

namespace gato::env {

ArmPoint elbow_of_joints(const ArmJoints& joints) {
  return kShoulder + ArmPoint{kLinkLength * std::cos(joints.shoulder),
                              kLinkLength * std::sin(joints.shoulder)};
}

ArmPoint hand_of_joints(const ArmJoints& joints) {
  const double forearm = joints.shoulder + joints.elbow;
  return elbow_of_joints(joints) +
         ArmPoint{kLinkLength * std::cos(forearm),
                  kLinkLength * std::sin(forearm) - kHandLength};
}

// The links and the line from the shoulder to the wrist are an isosceles
// triangle.
ArmJoints joints_of_hand(ArmPoint hand) {
  const ArmPoint wrist = hand + ArmPoint{0, kHandLength} - kShoulder;
  const double squared_distance = wrist.x * wrist.x + wrist.z * wrist.z;
  const double elbow = -std::acos(std::clamp(
      squared_distance / (2 * kLinkLength * kLinkLength) - 1, -1.0, 1.0));
  return {std::atan2(wrist.z, wrist.x) - elbow / 2, elbow};
}

}  // namespace gato::env
