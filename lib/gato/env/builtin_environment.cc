// The checks and counts that the built-in environments share, and functions
// that make their fields and values.
#include "gato/env/builtin_environment.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

namespace gato::env {

data::FieldValues BuiltinEnvironment::reset(uint64_t seed) {
  reset_state(base::RandomStream(seed));
  elapsed_steps_ = 0;
  has_begun_ = true;
  has_ended_ = false;
  return observe();
}

StepResult BuiltinEnvironment::step(const data::FieldValues& action) {
  check_episode_running("step");
  const data::Array& value = std::get<data::Array>(action.at(0));
  const data::Field& field = spec_.task.action_fields.front();
  for (int64_t i = 0; i < value.size(); ++i) {
    const double number = value.as_double(i);
    const bool is_valid =
        field.role == data::Role::discrete
            ? number >= 0 && number < static_cast<double>(field.n[0])
            : std::isfinite(number);
    if (!is_valid) {
      throw EnvironmentError(
          fmt::format("{}: {} is not a valid action", spec_.task.name, number));
    }
  }
  Transition transition = apply_action(value);
  ++elapsed_steps_;
  StepResult result;
  result.observation = observe();
  result.reward = transition.reward;
  result.terminated = transition.terminated;
  result.truncated =
      !transition.terminated && elapsed_steps_ >= spec_.max_episode_steps;
  result.info = std::move(transition.info);
  has_ended_ = result.terminated || result.truncated;
  return result;
}

data::FieldValues BuiltinEnvironment::expert_action() {
  check_episode_running("expert");
  return {compute_expert_action()};
}

data::Image BuiltinEnvironment::render() {
  if (!has_begun_) {
    throw EnvironmentError(spec_.task.name + ": render before the first reset");
  }
  return render_frame();
}

void BuiltinEnvironment::check_episode_running(const char* method) const {
  if (has_begun_ && !has_ended_) {
    return;
  }
  throw EnvironmentError(fmt::format(
      "{}: {} {}: call reset first", spec_.task.name, method,
      has_begun_ ? "after the end of the episode" : "before the first reset"));
}

data::Field discrete_field(std::string name, int64_t n) {
  data::Field field;
  field.name = std::move(name);
  field.role = data::Role::discrete;
  field.dtype = data::DType::int64;
  field.n = {n};
  field.start = {0};
  return field;
}

data::Field image_field(std::string name, int64_t height, int64_t width) {
  data::Field field;
  field.name = std::move(name);
  field.role = data::Role::image;
  field.dtype = data::DType::uint8;
  field.shape = {height, width, 3};
  field.low.assign(data::element_count(field.shape), 0);
  field.high.assign(data::element_count(field.shape), 255);
  return field;
}

data::Field text_field(std::string name) {
  data::Field field;
  field.name = std::move(name);
  field.role = data::Role::text;
  return field;
}

data::Field box_field(std::string name, std::vector<double> low,
                      std::vector<double> high) {
  data::Field field;
  field.name = std::move(name);
  field.role = data::Role::continuous;
  field.dtype = data::DType::float64;
  field.shape = {std::ssize(low)};
  field.low = std::move(low);
  field.high = std::move(high);
  return field;
}

data::Array discrete_value(int64_t value) {
  data::Array array = data::Array::zeros(data::DType::int64, {});
  array.set_integer(0, value);
  return array;
}

data::Array box_value(const std::vector<double>& values) {
  data::Array array =
      data::Array::zeros(data::DType::float64, {std::ssize(values)});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set(i, values[i]);
  }
  return array;
}

data::Array image_value(const data::Image& image) {
  data::Array array =
      data::Array::zeros(data::DType::uint8, {image.height, image.width, 3});
  std::memcpy(array.bytes.data(), image.pixels.data(), image.pixels.size());
  return array;
}

}  // namespace gato::env
