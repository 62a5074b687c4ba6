#include "gato/rollout/action_space.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"

namespace gato {
namespace {

// Old Minari files write +-3.4e38 for a missing bound.
constexpr double unbounded_from = 3e38;

// What one element of an action may be: an integer of [first, first + count),
// or a number with or without bounds.
struct Element {
  bool is_choice = false;
  int64_t first = 0, count = 0;
  bool has_low = false, has_high = false, is_integer = false;
  double low = 0, high = 0;

  Element(const Field& field, int64_t i) {
    if (!field.n.empty()) {
      is_choice = true;
      first = field.start.empty() ? 0 : field.start[i];
      count = field.n[i];
      return;
    }
    low = field.low.empty() ? -INFINITY : field.low[i];
    high = field.high.empty() ? INFINITY : field.high[i];
    has_low = low > -unbounded_from;
    has_high = high < unbounded_from;
    is_integer = gato::is_integer(field.dtype);
    if (is_integer && has_low && has_high && field.role == Role::discrete) {
      is_choice = true;
      first = static_cast<int64_t>(low);
      count = static_cast<int64_t>(high) - first + 1;
    }
  }

  double half_range() const {
    return has_low && has_high ? (high - low) / 2 : 1;
  }

  double inside(double x) const {
    if (is_integer) x = std::round(x);
    if (has_low) x = std::max(x, low);
    if (has_high) x = std::min(x, high);
    return x;
  }

  double draw(RandomStream& draws) const {
    if (has_low && has_high) {
      // Every integer of a bounded box is as likely as the others.
      if (is_integer)
        return low + std::floor(draws.uniform() * (high - low + 1));
      return inside(draws.uniform(low, high));
    }
    if (has_low) return inside(low - std::log(1 - draws.uniform()));
    if (has_high) return inside(high + std::log(1 - draws.uniform()));
    return inside(draws.normal());
  }

  int64_t choose(RandomStream& draws) const {
    return first + static_cast<int64_t>(draws.below(count));
  }
};

Array& numbers(Value& value, const Field& field) {
  if (auto* array = std::get_if<Array>(&value)) return *array;
  throw input_error("action '{}' is a text; only numeric actions can be played",
                    field.name);
}

}  // namespace

Values random_action(const std::vector<Field>& action, RandomStream& draws) {
  Values values;
  for (const Field& field : action) {
    if (field.role == Role::text)
      throw input_error(
          "action '{}' is a text; only numeric actions can be played",
          field.name);
    Array array = Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < array.size(); ++i) {
      const Element element(field, i);
      if (element.is_choice)
        array.set_integer(i, element.choose(draws));
      else
        array.set(i, element.draw(draws));
    }
    values.push_back(std::move(array));
  }
  return values;
}

Values disturbed_action(const Values& action, const std::vector<Field>& fields,
                        double probability, RandomStream& draws) {
  Values values = action;
  for (size_t f = 0; f < fields.size(); ++f) {
    Array& array = numbers(values[f], fields[f]);
    for (int64_t i = 0; i < array.size(); ++i) {
      const Element element(fields[f], i);
      if (element.is_choice) {
        if (draws.uniform() < probability)
          array.set_integer(i, element.choose(draws));
      } else {
        const double deviation = probability * element.half_range();
        array.set(
            i, element.inside(array.as_double(i) + deviation * draws.normal()));
      }
    }
  }
  return values;
}

}  // namespace gato
