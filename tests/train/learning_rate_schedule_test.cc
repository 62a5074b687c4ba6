#include "gato/train/learning_rate_schedule.h"

#include "catch.h"

using namespace gato;
using namespace gato::train;

TEST_CASE(
    "The paper's schedule is warmup, cosine decay to a tenth, then constant") {
  const LearningRateSchedule schedule{.peak_rate = 1e-4};
  CHECK(schedule.rate(0) == Approx(1e-7));
  CHECK(schedule.rate(7500) == Approx((1e-4 + 1e-7) / 2));
  CHECK(schedule.rate(15000) == Approx(1e-4));
  CHECK(schedule.rate(507500) == Approx(0.55e-4));
  CHECK(schedule.rate(1000000) == Approx(1e-5));
  CHECK(schedule.rate(5000000) == Approx(1e-5));
}

TEST_CASE("The rate rises to the peak and never rises again") {
  const LearningRateSchedule schedule{
      .peak_rate = 3e-3, .warmup_steps = 10, .decay_steps = 50};
  for (int step = 1; step < 60; ++step) {
    INFO(step);
    if (step <= 10) {
      CHECK(schedule.rate(step) > schedule.rate(step - 1));
    } else {
      CHECK(schedule.rate(step) <= schedule.rate(step - 1));
    }
  }
}

TEST_CASE("Without warmup and decay the rate is constant") {
  const LearningRateSchedule schedule{
      .peak_rate = 1e-5, .warmup_steps = 0, .decay_steps = 0};
  CHECK(schedule.rate(0) == 1e-5);
  CHECK(schedule.rate(10000) == 1e-5);
}

TEST_CASE(
    "If the decay ends during the warmup, the final rate follows the peak") {
  const LearningRateSchedule schedule{
      .peak_rate = 1, .warmup_steps = 10, .decay_steps = 5};
  CHECK(schedule.rate(10) == Approx(1));
  CHECK(schedule.rate(11) == Approx(0.1));
}
