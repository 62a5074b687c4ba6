// puzzle/lights-out-4x4, -5x5: switch all lights off.
//
// A press of a light toggles it and its neighbors to the left, right, above and
// below. An episode begins with the lights that random presses leave on (each
// light is pressed with probability 1/2), at least one. It ends with success
// when all lights are off, and is truncated after 32 or 64 steps.
//
// Observation: the lights, uint8 [32, 32, 3] or [48, 48, 3]; a light is a
// square of 8 x 8 pixels. Action: the light to press, row by row. Reward: -0.1
// per step, 10 for the solution.
//
// Expert: optimal. Presses commute, and two presses of the same light cancel,
// so a solution is a set of lights x with A x = b over GF(2), where column i of
// the matrix A has the lights that light i toggles and b the lights that are on
// (Anderson & Feil 1998). Gaussian elimination gives one solution; the others
// differ by elements of the null space of A, which has 16 of them for 4x4 and 4
// for 5x5. The expert takes the smallest set (on average 4.4 and 9.9 lights, at
// most 7 and 15) and presses its first light.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gato/env/builtin_environment.h"
#include "gato/env/canvas.h"
#include "gato/env/puzzle/puzzle_tasks.h"

namespace gato::env::puzzle {
namespace {

// A set of lights: bit `row * side + column`.
using Lights = uint32_t;

// Solves a board of side x side lights.
class LightsSolver {
 public:
  explicit LightsSolver(int side) : light_count_(side * side) {
    for (int light = 0; light < light_count_; ++light) {
      toggles_.push_back(lights_toggled_by(side, light));
    }
    eliminate();
  }

  // Returns the lights that a press toggles.
  Lights toggles(int light) const { return toggles_[light]; }

  // Returns the smallest set of presses that switches off `lights`, which must
  // be possible; among equals the one that is lowest as a number.
  Lights solve(Lights lights) const {
    // Each pivot row determines the press of its pivot; the others are 0.
    Lights solution = 0;
    for (const Row& row : pivot_rows_) {
      solution |= static_cast<Lights>(std::popcount(row.origin & lights) & 1)
                  << row.pivot;
    }
    Lights best = solution;
    for (const Lights element : null_space_) {
      const Lights other = solution ^ element;
      best = std::min(best, other, [](Lights a, Lights b) {
        return std::pair(std::popcount(a), a) < std::pair(std::popcount(b), b);
      });
    }
    return best;
  }

 private:
  // A row of the matrix during the elimination. `coefficients` has bit i if the
  // press i takes part; `origin` has the rows of A whose sum it is.
  struct Row {
    Lights coefficients = 0, origin = 0;
    int pivot = -1;
  };

  static Lights lights_toggled_by(int side, int light) {
    const int y = light / side, x = light % side;
    Lights lights = Lights{1} << light;
    lights |= y > 0 ? Lights{1} << (light - side) : 0;
    lights |= y + 1 < side ? Lights{1} << (light + side) : 0;
    lights |= x > 0 ? Lights{1} << (light - 1) : 0;
    lights |= x + 1 < side ? Lights{1} << (light + 1) : 0;
    return lights;
  }

  // Gauss-Jordan elimination. A is symmetric, so its rows are toggles_.
  void eliminate() {
    std::vector<Row> rows;
    rows.reserve(light_count_);
    for (int i = 0; i < light_count_; ++i) {
      rows.push_back({toggles_[i], Lights{1} << i});
    }
    Lights free_presses = 0;
    for (int column = 0; column < light_count_; ++column) {
      const auto found = std::ranges::find_if(rows, [column](const Row& row) {
        return row.pivot < 0 && (row.coefficients >> column & 1);
      });
      if (found == rows.end()) {
        free_presses |= Lights{1} << column;
        continue;
      }
      found->pivot = column;
      for (Row& row : rows) {
        if (&row != &*found && (row.coefficients >> column & 1)) {
          row.coefficients ^= found->coefficients;
          row.origin ^= found->origin;
        }
      }
    }
    std::ranges::copy_if(rows, std::back_inserter(pivot_rows_),
                         [](const Row& row) { return row.pivot >= 0; });
    // One element of the null space for each choice of the free presses.
    for (Lights chosen = free_presses;; chosen = (chosen - 1) & free_presses) {
      Lights element = chosen;
      for (const Row& row : pivot_rows_) {
        element |=
            static_cast<Lights>(std::popcount(row.coefficients & chosen) & 1)
            << row.pivot;
      }
      null_space_.push_back(element);
      if (chosen == 0) {
        break;
      }
    }
  }

  const int light_count_;
  std::vector<Lights> toggles_;
  std::vector<Row> pivot_rows_;
  std::vector<Lights> null_space_;
};

constexpr Color kGapColor = {0, 0, 0}, kOffColor = {40, 45, 70},
                kOnColor = {255, 225, 70};

class LightsOut : public BuiltinEnvironment {
 public:
  LightsOut(const std::string& name, int side, int64_t max_episode_steps)
      : BuiltinEnvironment(make_spec(name, side, max_episode_steps)),
        side_(side),
        solver_(side) {}

 private:
  static constexpr int kLightPixels = 8, kPatchPixels = 16;

  static int image_side(int side) {
    return (side * kLightPixels + kPatchPixels - 1) / kPatchPixels *
           kPatchPixels;
  }
  static EnvironmentSpec make_spec(const std::string& name, int side,
                                   int64_t max_episode_steps) {
    const int pixels = image_side(side);
    return builtin_spec(name, {image_field("observation", pixels, pixels)},
                        {discrete_field("action", side * side)},
                        max_episode_steps);
  }

  void reset_state(base::RandomStream random) override {
    do {
      lights_ = 0;
      for (int light = 0; light < side_ * side_; ++light) {
        lights_ ^= random.uniform_int(2) == 1 ? solver_.toggles(light) : 0;
      }
    } while (lights_ == 0);
  }

  data::FieldValues observe() const override {
    return {image_value(draw_lights(kLightPixels, image_side(side_)))};
  }

  Transition apply_action(const BuiltinAction& action) override {
    lights_ ^= solver_.toggles(action.discrete);
    Transition transition;
    transition.terminated = lights_ == 0;
    transition.reward = transition.terminated ? 9.9 : -0.1;
    transition.info["success"] = transition.terminated ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    return {.discrete = std::countr_zero(solver_.solve(lights_))};
  }

  data::Image render_frame() const override {
    constexpr int kScaledLight = 40;
    return draw_lights(kScaledLight, side_ * kScaledLight);
  }

  data::Image draw_lights(int light_pixels, int image_pixels) const {
    const int gap = light_pixels / 8;
    Canvas canvas(image_pixels, image_pixels, kGapColor);
    for (int light = 0; light < side_ * side_; ++light) {
      canvas.fill_rectangle(light / side_ * light_pixels + gap,
                            light % side_ * light_pixels + gap,
                            light_pixels - 2 * gap, light_pixels - 2 * gap,
                            lights_ >> light & 1 ? kOnColor : kOffColor);
    }
    return canvas.image();
  }

  const int side_;
  const LightsSolver solver_;
  Lights lights_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_lights_out_4x4() {
  return std::make_unique<LightsOut>("puzzle/lights-out-4x4", 4, 32);
}

std::unique_ptr<Environment> make_lights_out_5x5() {
  return std::make_unique<LightsOut>("puzzle/lights-out-5x5", 5, 64);
}

}  // namespace gato::env::puzzle
