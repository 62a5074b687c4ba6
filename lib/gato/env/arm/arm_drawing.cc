#include "gato/env/arm/arm_drawing.h"

#include <array>
#include <cmath>
#include <numbers>

#include "gato/env/arm/arm_linkage.h"

namespace gato::env {
namespace {

constexpr int kHeight = 272, kWidth = 320;
constexpr double kPixelsPerMeter = 250;
// The lower left corner of the image.
constexpr ArmPoint kOrigin = {-0.64, -0.05};

constexpr Color kBackground = {245, 245, 245}, kTable = {180, 160, 130},
                kLink = {90, 110, 160}, kJoint = {50, 60, 90},
                kPalm = {60, 60, 60}, kFinger = {30, 30, 30},
                kWall = {150, 150, 150}, kGoal = {40, 170, 70},
                kDrawer = {200, 150, 60};
constexpr std::array<Color, 3> kBlocks = {
    Color{210, 50, 50}, Color{50, 90, 210}, Color{120, 60, 160}};

int pixel_x(double x) {
  return static_cast<int>(std::lround((x - kOrigin.x) * kPixelsPerMeter));
}
int pixel_y(double z) {
  return kHeight -
         static_cast<int>(std::lround((z - kOrigin.z) * kPixelsPerMeter));
}

void draw_dot(Canvas& canvas, ArmPoint center, int size, Color color) {
  canvas.fill_rectangle(pixel_y(center.z) - size / 2,
                        pixel_x(center.x) - size / 2, size, size, color);
}

// Draws a thick line as a row of overlapping squares.
void draw_link(Canvas& canvas, ArmPoint from, ArmPoint to) {
  constexpr int kDots = 200, kThickness = 9;
  for (int i = 0; i <= kDots; ++i) {
    const double along = static_cast<double>(i) / kDots;
    draw_dot(
        canvas,
        {from.x + along * (to.x - from.x), from.z + along * (to.z - from.z)},
        kThickness, kLink);
  }
}

void draw_arm(Canvas& canvas, const ArmWorld& world) {
  const ArmJoints joints = joints_of_hand(world.hand());
  const ArmPoint elbow = elbow_of_joints(joints),
                 wrist = world.hand() + ArmPoint{0, kHandLength};
  draw_arm_box(canvas, {{0, kShoulder.z + 0.07}, 1, 0.02}, kJoint);
  draw_arm_box(canvas, {{kShoulder.x, kShoulder.z + 0.03}, 0.04, 0.03}, kJoint);
  draw_link(canvas, kShoulder, elbow);
  draw_link(canvas, elbow, wrist);
  for (const ArmPoint joint : {kShoulder, elbow, wrist}) {
    draw_dot(canvas, joint, 13, kJoint);
  }
}

}  // namespace

Canvas make_arm_canvas() {
  Canvas canvas(kHeight, kWidth, kBackground);
  canvas.fill_rectangle(pixel_y(0), 0, kHeight, kWidth, kTable);
  return canvas;
}

void draw_arm_box(Canvas& canvas, const PlaneBox& box, Color color) {
  const int top = pixel_y(box.top()), left = pixel_x(box.left());
  canvas.fill_rectangle(top, left, pixel_y(box.bottom()) - top,
                        pixel_x(box.right()) - left, color);
}

void draw_arm_ring(Canvas& canvas, ArmPoint center, double radius) {
  constexpr int kDots = 48;
  for (int i = 0; i < kDots; ++i) {
    const double angle = 2 * std::numbers::pi * i / kDots;
    draw_dot(
        canvas,
        center + ArmPoint{radius * std::cos(angle), radius * std::sin(angle)},
        2, kGoal);
  }
  draw_dot(canvas, center, 3, kGoal);
}

void draw_arm_world(Canvas& canvas, const ArmWorld& world) {
  for (const PlaneBox& wall : world.walls()) {
    draw_arm_box(canvas, wall, kWall);
  }
  for (int body = 0; body < world.body_count(); ++body) {
    const auto boxes = world.boxes(body);
    if (boxes.size() == 1) {
      draw_arm_box(canvas, boxes[0], kBlocks[body % kBlocks.size()]);
      continue;
    }
    // The bar that connects the knob of a drawer and its panel is behind the
    // fingers.
    PlaneBox bar = boxes[0];
    bar.half_width = (boxes[1].center.x - boxes[0].center.x) / 2;
    bar.center.x += bar.half_width;
    bar.half_height = 0.006;
    draw_arm_box(canvas, bar, kDrawer);
    for (const PlaneBox& box : boxes) {
      draw_arm_box(canvas, box, kDrawer);
    }
  }
  const auto parts = world.hand_boxes();
  const PlaneBox palm = {
      {world.hand().x,
       world.hand().z + (ArmWorld::kFingerLength + kHandLength) / 2},
      parts[2].half_width,
      (kHandLength - ArmWorld::kFingerLength) / 2};
  draw_arm_box(canvas, {palm.center, palm.half_width / 3, palm.half_height},
               kPalm);
  draw_arm_box(canvas,
               {{palm.center.x, palm.bottom() + 0.012}, palm.half_width, 0.012},
               kPalm);
  draw_arm_box(canvas, parts[0], kFinger);
  draw_arm_box(canvas, parts[1], kFinger);
  draw_arm(canvas, world);
}

}  // namespace gato::env
