// arcade/freeway: a chicken crosses a road of twelve lanes, again and again.
//
// The screen has 16 rows of 2 pixels: the goal (row 0), six lanes, a median of
// two rows, six lanes, and the start (row 15). The chicken, 2 x 2 pixels, stays
// in the middle column and moves by at most one row per step. Each lane has one
// or two cars, 16 pixels apart, of 4 x 2 pixels. They move by 1 to 3 pixels per
// step, all cars of a lane with the same velocity, and reappear on the other
// side. A chicken that is hit in the upper lanes goes back to the median, and
// in the lower lanes to the start; one that reaches the goal earns the reward 1
// and goes back to the start. An episode has 120 steps. Cars and velocities are
// sampled in each episode.
//
// Observation: the screen, uint8 [32, 32, 3]. Behind a car is a trail that is
// twice as long as its velocity. Nothing is hidden.
// Action: 0 up, 1 stay, 2 down.
// Reward: 1 per crossing. A crossing takes at least 15 steps, so 8 is an upper
// bound, which cars lower.
//
// Expert: since the velocities divide the width of the screen, the traffic
// repeats after 32 steps. Value iteration over the 32 x 16 states finds the
// policy that maximizes the discounted number of crossings if 5% of the actions
// are random. In each of 1,000 episodes it crosses as often as is possible in
// 120 steps, which tests/env/arcade_test.cc computes by dynamic programming.
#include <algorithm>
#include <array>

#include "gato/env/arcade/arcade_game.h"
#include "gato/env/arcade/arcade_tasks.h"
#include "gato/env/arcade/noisy_planner.h"

namespace gato::env {
namespace {

constexpr int kRowCount = 16, kPixelsPerRow = 2, kMaxEpisodeSteps = 120;
// The median is this row and the one above.
constexpr int kStartRow = kRowCount - 1, kGoalRow = 0,
              kMedianRow = kRowCount / 2;
constexpr int kSide = Screen::kSide;
// The traffic repeats after this number of steps.
constexpr int kPeriod = kSide;
constexpr int kCarLength = 4, kCarSpacing = kSide / 2, kMaxSpeed = 3;
constexpr int kChickenWidth = 2, kChickenX = (kSide - kChickenWidth) / 2;
constexpr int kActionCount = 3;

constexpr Color kRoadColor = {45, 45, 50}, kSafeColor = {40, 90, 40},
                kChickenColor = {255, 240, 80};
constexpr std::array<Color, kMaxSpeed> kCarColors = {
    {{90, 140, 255}, {230, 120, 230}, {255, 90, 70}}};  // by speed

struct Lane {
  int car_count = 0, start_x = 0;
  int velocity = 0;  // in pixels per step, positive to the right

  // Returns the left edge of a car after `steps` steps, 0 <= x < kSide.
  int car_x(int car, int64_t steps) const {
    const int64_t x = start_x + car * kCarSpacing + velocity * steps;
    return static_cast<int>((x % kSide + kSide) % kSide);
  }
  bool hits_chicken(int64_t steps) const {
    for (int car = 0; car < car_count; ++car) {
      const int x = (car_x(car, steps) - kChickenX + kSide) % kSide;
      if (x < kChickenWidth || x > kSide - kCarLength) {
        return true;
      }
    }
    return false;
  }
};

class Freeway : public ArcadeGame {
 public:
  Freeway() : ArcadeGame("arcade/freeway", kActionCount, kMaxEpisodeSteps) {}

 private:
  void reset_state(base::RandomStream random) override {
    for (int row = 0; row < kRowCount; ++row) {
      Lane& lane = lanes_[row];
      lane = {};
      if (is_lane(row)) {
        lane.car_count = 1 + static_cast<int>(random.uniform_int(2));
        lane.start_x = static_cast<int>(random.uniform_int(kSide));
        const int speed = 1 + static_cast<int>(random.uniform_int(kMaxSpeed));
        lane.velocity = random.uniform_int(2) ? speed : -speed;
      }
    }
    row_ = kStartRow;
    policy_.clear();
  }

  Transition apply_action(const BuiltinAction& action) override {
    row_ = next_row(row_, action.discrete, elapsed_steps() + 1);
    Transition transition;
    if (row_ == kGoalRow) {
      transition.reward = 1;
      row_ = kStartRow;
    }
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    constexpr double kDiscount = 0.97, kNoise = 0.05;
    if (policy_.empty()) {
      std::vector<PlannedTransition> transitions;
      for (int phase = 0; phase < kPeriod; ++phase) {
        for (int row = 0; row < kRowCount; ++row) {
          for (int action = 0; action < kActionCount; ++action) {
            const int next = next_row(row, action, phase + 1);
            const bool has_arrived = next == kGoalRow;
            transitions.push_back({(phase + 1) % kPeriod * kRowCount +
                                       (has_arrived ? kStartRow : next),
                                   has_arrived ? 1.0f : 0.0f});
          }
        }
      }
      policy_ = plan_under_noise(transitions, kActionCount, kDiscount, kNoise);
    }
    const int64_t phase = elapsed_steps() % kPeriod;
    return {.discrete = policy_[phase * kRowCount + row_]};
  }

  void draw(Screen& screen) const override {
    for (int row = 0; row < kRowCount; ++row) {
      const int y = row * kPixelsPerRow;
      screen.fill(y, 0, kPixelsPerRow, kSide,
                  is_lane(row) ? kRoadColor : kSafeColor);
      const Lane& lane = lanes_[row];
      const int speed = std::abs(lane.velocity);
      for (int car = 0; car < lane.car_count; ++car) {
        const int x = lane.car_x(car, elapsed_steps());
        const Color color = kCarColors[speed - 1];
        // A car that leaves the screen on one side enters it on the other.
        for (const int shift : {-kSide, 0, kSide}) {
          const int trail_x =
              lane.velocity > 0 ? x - 2 * speed : x + kCarLength;
          screen.fill(y, trail_x + shift, kPixelsPerRow, 2 * speed,
                      darken(color));
          screen.fill(y, x + shift, kPixelsPerRow, kCarLength, color);
        }
      }
    }
    screen.fill(row_ * kPixelsPerRow, kChickenX, kPixelsPerRow, kChickenWidth,
                kChickenColor);
  }

  static bool is_lane(int row) {
    return row != kGoalRow && row != kStartRow && row != kMedianRow &&
           row != kMedianRow - 1;
  }

  // Returns the row of a chicken after a step at whose end the traffic has
  // moved `steps` times.
  int next_row(int row, int action, int64_t steps) const {
    const int next = std::clamp(row + action - 1, kGoalRow, kStartRow);
    if (!lanes_[next].hits_chicken(steps)) {
      return next;
    }
    return next < kMedianRow ? kMedianRow : kStartRow;
  }

  std::array<Lane, kRowCount> lanes_;  // car_count is 0 where there is no lane
  int row_ = kStartRow;
  std::vector<uint8_t> policy_;  // [phase][row], empty if not planned yet
};

}  // namespace

std::unique_ptr<Environment> make_freeway() {
  return std::make_unique<Freeway>();
}

}  // namespace gato::env
