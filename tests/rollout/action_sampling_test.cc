#include "gato/rollout/action_sampling.h"

#include <cmath>
#include <limits>

#include "catch.h"
#include "gato/base/error.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

data::Field box(data::DType dtype, std::vector<double> low,
                std::vector<double> high) {
  data::Field field =
      make_field("action", data::Role::continuous, dtype, {std::ssize(low)});
  field.low = std::move(low);
  field.high = std::move(high);
  return field;
}

data::Field choices(std::vector<int64_t> n, std::vector<int64_t> start) {
  data::Field field = make_field("action", data::Role::discrete,
                                 data::DType::int64, {std::ssize(n)});
  field.n = std::move(n);
  field.start = std::move(start);
  return field;
}

double element(const data::FieldValues& values, int64_t i) {
  return std::get<data::Array>(values[0]).as_double(i);
}

}  // namespace

TEST_CASE("Random actions are uniform over the action space") {
  base::RandomStream rng(1);
  const std::vector<data::Field> discrete = {choices({3, 2}, {0, 5})};
  int count[3] = {}, second[2] = {};
  for (int i = 0; i < 6000; ++i) {
    const data::FieldValues action = random_action(discrete, rng);
    ++count[static_cast<int>(element(action, 0))];
    ++second[static_cast<int>(element(action, 1)) - 5];
  }
  for (int n : count) {
    REQUIRE(std::abs(n - 2000) < 200);
  }
  for (int n : second) {
    REQUIRE(std::abs(n - 3000) < 200);
  }

  const std::vector<data::Field> bounded = {
      box(data::DType::float32, {-2}, {6})};
  double sum = 0;
  for (int i = 0; i < 6000; ++i) {
    const double x = element(random_action(bounded, rng), 0);
    REQUIRE(x >= -2);
    REQUIRE(x <= 6);
    sum += x;
  }
  REQUIRE(sum / 6000 == Approx(2).margin(0.15));
}

TEST_CASE(
    "Elements without bounds are normal, those with one bound exponential") {
  base::RandomStream rng(2);
  const std::vector<data::Field> field = {
      box(data::DType::float64, {-kInfinity, 1, -kInfinity, -3.4028234e38},
          {kInfinity, kInfinity, -1, 3.4028234e38})};
  double sum[4] = {}, square[4] = {};
  for (int i = 0; i < 6000; ++i) {
    const data::FieldValues action = random_action(field, rng);
    REQUIRE(element(action, 1) >= 1);
    REQUIRE(element(action, 2) <= -1);
    for (int k = 0; k < 4; ++k) {
      sum[k] += element(action, k) / 6000;
      square[k] += element(action, k) * element(action, k) / 6000;
    }
  }
  REQUIRE(sum[0] == Approx(0).margin(0.06));
  REQUIRE(square[0] == Approx(1).margin(0.1));
  REQUIRE(sum[1] == Approx(2).margin(0.06));
  REQUIRE(sum[2] == Approx(-2).margin(0.06));
  REQUIRE(square[3] == Approx(1).margin(0.1));
}

TEST_CASE("Integers of a bounded box are equally likely") {
  base::RandomStream rng(3);
  const std::vector<data::Field> field = {box(data::DType::int32, {-1}, {1})};
  int count[3] = {};
  for (int i = 0; i < 3000; ++i) {
    ++count[static_cast<int>(element(random_action(field, rng), 0)) + 1];
  }
  for (int n : count) {
    REQUIRE(std::abs(n - 1000) < 120);
  }
}

TEST_CASE("A text action cannot be sampled") {
  base::RandomStream rng(4);
  const data::Field text =
      make_field("say", data::Role::text, data::DType::float64, {});
  REQUIRE_THROWS_AS(random_action({text}, rng), base::Error);
}

TEST_CASE("Noise resamples a discrete element with its probability") {
  base::RandomStream rng(5);
  const std::vector<data::Field> field = {choices({4}, {0})};
  data::Array two = data::Array::zeros(data::DType::int64, {1});
  two.set_integer(0, 2);
  int changed = 0;
  for (int i = 0; i < 8000; ++i) {
    changed += element(noisy_action({two}, field, 0.5, rng), 0) != 2;
  }
  // Half of them are resampled, a quarter of which keep their value.
  REQUIRE(std::abs(changed - 3000) < 200);
}

TEST_CASE(
    "Noise on a continuous element scales with its range and is clipped") {
  base::RandomStream rng(6);
  const std::vector<data::Field> field = {
      box(data::DType::float64, {-10, -1, -kInfinity}, {10, 1, kInfinity})};
  data::Array action = data::Array::zeros(data::DType::float64, {3});
  action.set(1, 1);
  double square = 0, unbounded = 0;
  int at_bound = 0;
  for (int i = 0; i < 8000; ++i) {
    const data::FieldValues noisy = noisy_action({action}, field, 0.1, rng);
    square += element(noisy, 0) * element(noisy, 0) / 8000;
    unbounded += element(noisy, 2) * element(noisy, 2) / 8000;
    REQUIRE(element(noisy, 1) <= 1);
    at_bound += element(noisy, 1) == 1;
  }
  REQUIRE(std::sqrt(square) == Approx(1).epsilon(0.05));
  REQUIRE(std::sqrt(unbounded) == Approx(0.1).epsilon(0.05));
  REQUIRE(std::abs(at_bound - 4000) < 200);
}
