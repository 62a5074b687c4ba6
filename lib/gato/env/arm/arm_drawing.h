// Images of ArmWorld for people.
#pragma once

#include "gato/env/arm/arm_world.h"
#include "gato/env/canvas.h"

namespace gato::env {

// Returns an image of the empty table.
Canvas make_arm_canvas();
// Draws the arm and everything in the world.
void draw_arm_world(Canvas& canvas, const ArmWorld& world);
void draw_arm_ring(Canvas& canvas, ArmPoint center, double radius);
void draw_arm_box(Canvas& canvas, const PlaneBox& box, Color color);

}  // namespace gato::env
