// arcade/pong: table tennis against an opponent who is slower than the ball.
//
// The screen has 32 x 32 pixels. The agent's paddle, 8 pixels high at the right
// edge, moves by 2 pixels per step; the opponent's, 6 pixels high at the left
// edge, by 1 pixel. The ball, 2 x 2 pixels, moves by 2 pixels per step to the
// left or right and by -2 to 2 up or down. It bounces off the upper and lower
// edge. A paddle that meets it sends it back; the farther from the paddle's
// middle it is hit, the steeper its path. A player who misses the ball loses
// the point. The next ball comes from the opponent's side, at a random height
// and in a random direction. An episode has 5 points.
//
// The opponent waits until an approaching ball is in its half. Then it follows
// the ball's height and tries to hit it with a random part of the paddle. It
// misses balls whose height changes faster than it can follow.
//
// Observation: the screen, uint8 [32, 32, 3]. A dark spot behind the ball shows
// where it comes from.
// Action: 0 up, 1 stay, 2 down.
// Reward: 1 for a point won, -1 for a point lost; from -5 to 5. Success: the
// agent wins most of the points. Time limit: 500 steps.
//
// Expert: predicts where the ball arrives and simulates the opponent's answer
// to every angle in which the paddle can return it, for each part of the paddle
// that the opponent may use, and one more exchange. It takes the position with
// the highest probability of winning the point, averaged with the positions
// next to it because the last move may fail. Otherwise it waits in the middle,
// from where it reaches every ball. It sees all that it needs. It wins nearly
// all points.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "gato/env/arcade/arcade_game.h"
#include "gato/env/arcade/arcade_tasks.h"

namespace gato::env {
namespace {

constexpr int kSide = Screen::kSide, kPointsPerEpisode = 5,
              kMaxEpisodeSteps = 500;
// All lengths are in pixels, all speeds in pixels per step.
constexpr int kBallSize = 2, kBallSpeed = 2, kMaxSlope = 2;
constexpr int kPaddleWidth = 2, kAgentHeight = 8, kOpponentHeight = 6,
              kAgentSpeed = 2;
constexpr int kMaxBallY = kSide - kBallSize;
constexpr int kLeftContact = kPaddleWidth,
              kRightContact = kSide - kPaddleWidth - kBallSize;
// The opponent hits the ball up to this far from the middle of its paddle.
constexpr int kMaxAim = 2;

constexpr Color kBallColor = {255, 255, 255}, kAgentColor = {60, 220, 90},
                kOpponentColor = {220, 110, 60}, kTableColor = {20, 24, 40};

// Returns how far the middle of the ball is below that of the paddle.
int contact_offset(int ball_y, int paddle_y, int paddle_height) {
  return ball_y + kBallSize / 2 - (paddle_y + paddle_height / 2);
}
bool is_hit(int ball_y, int paddle_y, int paddle_height) {
  return std::abs(contact_offset(ball_y, paddle_y, paddle_height)) <=
         paddle_height / 2;
}
// Returns the vertical speed of a ball that is hit `offset` below the middle.
int slope_after_hit(int offset) {
  const int slope = (std::abs(offset) + 1) / 2;
  return offset < 0 ? -slope : slope;
}

enum class Contact { none, agent, opponent };

// The ball and the opponent.
struct Rally {
  int x = 0, y = 0, velocity_x = kBallSpeed, velocity_y = 0;
  int opponent_y = (kSide - kOpponentHeight) / 2;

  // Advances by one step. `aim` is where the opponent wants to hit the ball,
  // as an offset. Returns the paddle that the ball reaches, if any, for which
  // the caller decides whether it is hit.
  Contact advance(int aim) {
    if (velocity_x < 0 && x < kSide / 2) {
      const int offset = contact_offset(y, opponent_y, kOpponentHeight) - aim;
      opponent_y = std::clamp(opponent_y + (offset > 0) - (offset < 0), 0,
                              kSide - kOpponentHeight);
    }
    y += velocity_y;
    if (y < 0 || y > kMaxBallY) {
      y = y < 0 ? -y : 2 * kMaxBallY - y;
      velocity_y = -velocity_y;
    }
    if (x == (velocity_x > 0 ? kRightContact : kLeftContact)) {
      return velocity_x > 0 ? Contact::agent : Contact::opponent;
    }
    x += velocity_x;
    return Contact::none;
  }

  void return_ball(int slope) {
    velocity_x = -velocity_x;
    velocity_y = slope;
  }
  // Returns false if the opponent misses the ball, which it has reached.
  bool return_by_opponent() {
    if (!is_hit(y, opponent_y, kOpponentHeight)) {
      return false;
    }
    return_ball(
        slope_after_hit(contact_offset(y, opponent_y, kOpponentHeight)));
    return true;
  }

  // Advances to the next contact with a paddle. Returns the number of steps.
  int fly(int aim) {
    int steps = 1;
    while (advance(aim) == Contact::none) {
      ++steps;
    }
    return steps;
  }
};

// Returns the probability that the agent wins the point if it sends the ball,
// which has reached its paddle, back with this slope, looking ahead to the
// agent's next `returns` returns and assuming that it never misses.
double winning_chance(const Rally& rally, int slope, int returns) {
  // A point that may be won later is worth less than one that is won now.
  constexpr double kLater = 0.9;
  double chance = 0;
  for (int aim = -kMaxAim; aim <= kMaxAim; ++aim) {
    Rally next = rally;
    next.return_ball(slope);
    next.fly(aim);
    if (!next.return_by_opponent()) {
      chance += 1;
    } else if (returns > 0) {
      next.fly(0);
      double best = 0;
      for (int answer = -kMaxSlope; answer <= kMaxSlope; ++answer) {
        best = std::max(best, winning_chance(next, answer, returns - 1));
      }
      chance += kLater * best;
    }
  }
  return chance / (2 * kMaxAim + 1);
}

class Pong : public ArcadeGame {
 public:
  Pong() : ArcadeGame("arcade/pong", 3, kMaxEpisodeSteps) {}

 private:
  void reset_state(base::RandomStream random) override {
    random_ = random;
    agent_y_ = kMiddle;
    rally_ = {};
    points_won_ = points_lost_ = 0;
    serve();
  }

  Transition apply_action(const BuiltinAction& action) override {
    agent_y_ = move_agent(agent_y_, action.discrete);
    Transition transition;
    switch (rally_.advance(aim_)) {
      case Contact::none:
        break;
      case Contact::agent:
        if (is_hit(rally_.y, agent_y_, kAgentHeight)) {
          rally_.return_ball(slope_after_hit(
              contact_offset(rally_.y, agent_y_, kAgentHeight)));
          aim_ = sample_integer(-kMaxAim, kMaxAim);
        } else {
          transition.reward = -1;
          ++points_lost_;
        }
        break;
      case Contact::opponent:
        if (!rally_.return_by_opponent()) {
          transition.reward = 1;
          ++points_won_;
        }
        break;
    }
    transition.terminated = points_won_ + points_lost_ == kPointsPerEpisode;
    if (transition.reward != 0) {
      serve();
    }
    transition.info["success"] = points_won_ > kPointsPerEpisode / 2 ? 1 : 0;
    return transition;
  }

  BuiltinAction compute_expert_action() override {
    const int target = rally_.velocity_x > 0 ? find_best_position() : kMiddle;
    return {.discrete = target <= agent_y_ - kAgentSpeed   ? 0
                        : target >= agent_y_ + kAgentSpeed ? 2
                                                           : 1};
  }

  // Returns the reachable position of the agent's paddle that is best when the
  // ball arrives.
  int find_best_position() const {
    Rally arrival = rally_;
    const int reach = kAgentSpeed * arrival.fly(0);
    std::array<double, 2 * kMaxSlope + 1> chances;
    for (int slope = -kMaxSlope; slope <= kMaxSlope; ++slope) {
      chances[slope + kMaxSlope] = winning_chance(arrival, slope, 1);
    }
    const auto value_at = [&](int position) {
      const int offset = contact_offset(arrival.y, position, kAgentHeight);
      return is_hit(arrival.y, position, kAgentHeight)
                 ? chances[slope_after_hit(offset) + kMaxSlope]
                 : -1;
    };
    int best_position = agent_y_;
    double best_value = -1e9;
    for (int position = 0; position <= kSide - kAgentHeight;
         position += kAgentSpeed) {
      const int distance = std::abs(position - agent_y_);
      const double value = 0.8 * value_at(position) +
                           0.1 * value_at(move_agent(position, 0)) +
                           0.1 * value_at(move_agent(position, 2)) -
                           1e-4 * distance - std::max(distance - reach, 0);
      if (value > best_value) {
        best_value = value;
        best_position = position;
      }
    }
    return best_position;
  }

  void draw(Screen& screen) const override {
    screen.fill(0, 0, kSide, kSide, kTableColor);
    screen.fill(rally_.opponent_y, 0, kOpponentHeight, kPaddleWidth,
                kOpponentColor);
    screen.fill(agent_y_, kSide - kPaddleWidth, kAgentHeight, kPaddleWidth,
                kAgentColor);
    screen.fill(rally_.y - rally_.velocity_y, rally_.x - rally_.velocity_x,
                kBallSize, kBallSize, darken(kBallColor));
    screen.fill(rally_.y, rally_.x, kBallSize, kBallSize, kBallColor);
  }

  void serve() {
    rally_.x = kLeftContact;
    rally_.y = sample_integer(0, kMaxBallY);
    rally_.velocity_x = kBallSpeed;
    rally_.velocity_y = sample_integer(-kMaxSlope, kMaxSlope);
  }

  // Returns an integer between `low` and `high`, both included.
  int sample_integer(int low, int high) {
    return low + static_cast<int>(random_.uniform_int(high - low + 1));
  }

  static int move_agent(int position, int action) {
    return std::clamp(position + (action - 1) * kAgentSpeed, 0,
                      kSide - kAgentHeight);
  }

  static constexpr int kMiddle = (kSide - kAgentHeight) / 2;

  base::RandomStream random_{0};
  Rally rally_;
  int agent_y_ = 0, aim_ = 0;
  int points_won_ = 0, points_lost_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_pong() { return std::make_unique<Pong>(); }

}  // namespace gato::env
