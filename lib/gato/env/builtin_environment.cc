// The checks and counts that the built-in environments share, and functions
// that make their fields and values.
#include "gato/env/builtin_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "gato/base/version.h"

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
  Transition transition = apply_action(decode_action(action));
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

BuiltinAction BuiltinEnvironment::decode_action(
    const data::FieldValues& action) const {
  BuiltinAction decoded;
  const std::vector<data::Field>& fields = spec_.task.action_fields;
  for (size_t f = 0; f < fields.size(); ++f) {
    const data::Field& field = fields[f];
    const data::Array& value = std::get<data::Array>(action.at(f));
    if (field.role == data::Role::discrete) {
      const double number = value.as_double(0);
      if (!(number >= 0 && number < static_cast<double>(field.n[0]))) {
        throw EnvironmentError(fmt::format("{}: {} is not a valid action",
                                           spec_.task.name, number));
      }
      decoded.discrete = static_cast<int>(number);
      continue;
    }
    decoded.continuous.resize(field.low.size());
    value.copy_doubles(0, decoded.continuous);
    for (size_t i = 0; i < decoded.continuous.size(); ++i) {
      double& number = decoded.continuous[i];
      if (!std::isfinite(number)) {
        throw EnvironmentError(fmt::format("{}: {} is not a valid action",
                                           spec_.task.name, number));
      }
      number = std::clamp(number, field.low[i], field.high[i]);
    }
  }
  return decoded;
}

data::FieldValues BuiltinEnvironment::expert_action() {
  check_episode_running("expert");
  const BuiltinAction action = compute_expert_action();
  data::FieldValues values;
  values.reserve(spec_.task.action_fields.size());
  for (const data::Field& field : spec_.task.action_fields) {
    values.emplace_back(field.role == data::Role::discrete
                            ? discrete_value(action.discrete)
                            : box_value(action.continuous));
  }
  return values;
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

EnvironmentSpec builtin_spec(const std::string& name,
                             std::vector<data::Field> observation_fields,
                             std::vector<data::Field> action_fields,
                             int64_t max_episode_steps) {
  EnvironmentSpec spec;
  spec.task = {.name = name,
               .domain = name.substr(0, name.find('/')),
               .environment = name,
               .observation_fields = std::move(observation_fields),
               .action_fields = std::move(action_fields),
               .settings = {{"packages", {{"gato", base::version()}}}}};
  spec.max_episode_steps = max_episode_steps;
  spec.has_expert = spec.has_render = true;
  return spec;
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

data::Field box_field(std::string name, int64_t n, double low, double high) {
  return box_field(std::move(name), std::vector<double>(n, low),
                   std::vector<double>(n, high));
}

data::Array discrete_value(int64_t value) {
  data::Array array = data::Array::zeros(data::DType::int64, {});
  array.set_integer(0, value);
  return array;
}

data::Array box_value(std::span<const double> values) {
  data::Array array =
      data::Array::uninitialized(data::DType::float64, {std::ssize(values)});
  std::ranges::copy(values, array.data<double>());
  return array;
}

data::Array box_value(std::initializer_list<double> values) {
  return box_value(std::span(values.begin(), values.size()));
}

data::Array image_value(const data::Image& image) {
  data::Array array = data::Array::uninitialized(
      data::DType::uint8, {image.height, image.width, 3});
  std::memcpy(array.bytes.data(), image.pixels.data(), image.pixels.size());
  return array;
}

}  // namespace gato::env
