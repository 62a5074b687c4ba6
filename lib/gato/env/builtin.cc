#include "gato/env/builtin.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

namespace gato {

Values BuiltinEnvironment::reset(uint64_t seed) {
  begin(RandomStream(seed));
  time_ = 0;
  has_begun_ = true;
  has_ended_ = false;
  return observe();
}

StepResult BuiltinEnvironment::step(const Values& action) {
  require_episode("step");
  const Array& value = std::get<Array>(action.at(0));
  const Field& field = spec_.task.action.front();
  for (int64_t i = 0; i < value.size(); ++i) {
    const double number = value.as_double(i);
    const bool is_valid =
        field.role == Role::discrete
            ? number >= 0 && number < static_cast<double>(field.n[0])
            : std::isfinite(number);
    if (!is_valid)
      throw EnvironmentError(fmt::format("{}: {} is no value of the action",
                                         spec_.task.name, number));
  }
  Outcome outcome = advance(value);
  ++time_;
  StepResult result;
  result.observation = observe();
  result.reward = outcome.reward;
  result.terminated = outcome.terminated;
  result.truncated = !outcome.terminated && time_ >= spec_.max_steps;
  result.info = std::move(outcome.info);
  has_ended_ = result.terminated || result.truncated;
  return result;
}

Values BuiltinEnvironment::expert() {
  require_episode("expert");
  return {demonstrate()};
}

Image BuiltinEnvironment::render() {
  if (!has_begun_)
    throw EnvironmentError(spec_.task.name + ": render before the first reset");
  return draw();
}

void BuiltinEnvironment::require_episode(const char* call) const {
  if (has_begun_ && !has_ended_) return;
  throw EnvironmentError(fmt::format(
      "{}: {} {}; reset first", spec_.task.name, call,
      has_begun_ ? "after the episode's end" : "before the first reset"));
}

Field discrete_field(std::string name, int64_t n) {
  Field field;
  field.name = std::move(name);
  field.role = Role::discrete;
  field.dtype = DType::int64;
  field.n = {n};
  field.start = {0};
  return field;
}

Field image_field(std::string name, int64_t height, int64_t width) {
  Field field;
  field.name = std::move(name);
  field.role = Role::image;
  field.dtype = DType::uint8;
  field.shape = {height, width, 3};
  field.low.assign(element_count(field.shape), 0);
  field.high.assign(element_count(field.shape), 255);
  return field;
}

Field text_field(std::string name) {
  Field field;
  field.name = std::move(name);
  field.role = Role::text;
  return field;
}

Field box_field(std::string name, std::vector<double> low,
                std::vector<double> high) {
  Field field;
  field.name = std::move(name);
  field.role = Role::continuous;
  field.dtype = DType::float64;
  field.shape = {static_cast<int64_t>(low.size())};
  field.low = std::move(low);
  field.high = std::move(high);
  return field;
}

Array discrete_value(int64_t value) {
  Array array = Array::zeros(DType::int64, {});
  array.set_integer(0, value);
  return array;
}

Array vector_value(const std::vector<double>& v) {
  Array array = Array::zeros(DType::float64, {static_cast<int64_t>(v.size())});
  for (size_t i = 0; i < v.size(); ++i) array.set(i, v[i]);
  return array;
}

Array image_value(const Image& image) {
  Array array = Array::zeros(DType::uint8, {image.height, image.width, 3});
  std::memcpy(array.bytes.data(), image.pixels.data(), image.pixels.size());
  return array;
}

}  // namespace gato
