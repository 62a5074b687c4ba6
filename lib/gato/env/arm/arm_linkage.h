// The joints of the arm that carries the hand of ArmWorld: two links of equal
// length in the vertical plane, with a wrist that keeps the hand upright.
#pragma once

#include "gato/env/arm/arm_world.h"

namespace gato::env {

inline constexpr double kLinkLength = 0.48;
// The shoulder hangs above the middle of the table. The wrist is kHandLength
// above the fingertips.
inline constexpr ArmPoint kShoulder = {0, 0.95};
inline constexpr double kHandLength = 0.16;

// Angles in radians: of the upper arm from horizontal, and of the forearm from
// the upper arm. The second is never positive, because the elbow is on the
// right.
struct ArmJoints {
  double shoulder = 0, elbow = 0;
};

// Returns the position of the hand, and that of the elbow.
ArmPoint hand_of_joints(const ArmJoints& joints);
ArmPoint elbow_of_joints(const ArmJoints& joints);

// Returns the joint angles that bring the hand to a point in its range.
ArmJoints joints_of_hand(ArmPoint hand);

}  // namespace gato::env
