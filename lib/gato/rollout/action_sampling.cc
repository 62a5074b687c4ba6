#include "gato/rollout/action_sampling.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"

namespace gato::rollout {
namespace {

// Old Minari files write +-3.4e38 for a missing bound.
constexpr double kUnboundedThreshold = 3e38;

// What one element of an action may be: an integer of [first, first + count),
// or a number with or without bounds.
struct ActionElement {
  bool is_discrete = false;
  int64_t first = 0, count = 0;
  bool has_low = false, has_high = false, is_integer = false;
  double low = 0, high = 0;

  ActionElement(const data::Field& field, int64_t i) {
    if (!field.n.empty()) {
      is_discrete = true;
      first = field.start.empty() ? 0 : field.start[i];
      count = field.n[i];
      return;
    }
    low = field.low.empty() ? -INFINITY : field.low[i];
    high = field.high.empty() ? INFINITY : field.high[i];
    has_low = low > -kUnboundedThreshold;
    has_high = high < kUnboundedThreshold;
    is_integer = gato::data::is_integer(field.dtype);
    if (is_integer && has_low && has_high &&
        field.role == data::Role::discrete) {
      is_discrete = true;
      first = static_cast<int64_t>(low);
      count = static_cast<int64_t>(high) - first + 1;
    }
  }

  double half_range() const {
    return has_low && has_high ? (high - low) / 2 : 1;
  }

  double clip(double x) const {
    if (is_integer) x = std::round(x);
    if (has_low) x = std::max(x, low);
    if (has_high) x = std::min(x, high);
    return x;
  }

  double sample_continuous(base::RandomStream& rng) const {
    if (has_low && has_high) {
      // Every integer of a bounded box is as likely as the others.
      if (is_integer) return low + std::floor(rng.uniform() * (high - low + 1));
      return clip(rng.uniform(low, high));
    }
    if (has_low) return clip(low - std::log(1 - rng.uniform()));
    if (has_high) return clip(high + std::log(1 - rng.uniform()));
    return clip(rng.normal());
  }

  int64_t sample_discrete(base::RandomStream& rng) const {
    return first + static_cast<int64_t>(rng.uniform_int(count));
  }
};

data::Array& require_numeric(data::FieldValue& value,
                             const data::Field& field) {
  if (auto* array = std::get_if<data::Array>(&value)) return *array;
  throw base::input_error(
      "action '{}' is a text; only numeric actions can be played", field.name);
}

}  // namespace

data::FieldValues random_action(const std::vector<data::Field>& action,
                                base::RandomStream& rng) {
  data::FieldValues values;
  for (const data::Field& field : action) {
    if (field.role == data::Role::text)
      throw base::input_error(
          "action '{}' is a text; only numeric actions can be played",
          field.name);
    data::Array array = data::Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < array.size(); ++i) {
      const ActionElement element(field, i);
      if (element.is_discrete)
        array.set_integer(i, element.sample_discrete(rng));
      else
        array.set(i, element.sample_continuous(rng));
    }
    values.push_back(std::move(array));
  }
  return values;
}

data::FieldValues noisy_action(const data::FieldValues& action,
                               const std::vector<data::Field>& fields,
                               double noise_level, base::RandomStream& rng) {
  data::FieldValues values = action;
  for (size_t f = 0; f < fields.size(); ++f) {
    data::Array& array = require_numeric(values[f], fields[f]);
    for (int64_t i = 0; i < array.size(); ++i) {
      const ActionElement element(fields[f], i);
      if (element.is_discrete) {
        if (rng.uniform() < noise_level)
          array.set_integer(i, element.sample_discrete(rng));
      } else {
        const double stddev = noise_level * element.half_range();
        array.set(i, element.clip(array.as_double(i) + stddev * rng.normal()));
      }
    }
  }
  return values;
}

}  // namespace gato::rollout
