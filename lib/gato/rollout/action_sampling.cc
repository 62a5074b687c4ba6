// Every element of an action is sampled independently, from the description
// that ActionElement derives from its field. DO NOT CHANGE THE ORDER OF THE
// RANDOM NUMBERS: it determines the episodes of every seed.
#include "gato/rollout/action_sampling.h"

#include <algorithm>
#include <cmath>

#include "gato/base/error.h"

namespace gato::rollout {
namespace {

// Old Minari files write +-3.4e38, the limits of float32, for a missing bound.
constexpr double kUnboundedThreshold = 3e38;

// The space of one element of an action: an integer in [first, first + count),
// or a number between bounds that may be missing.
struct ActionElement {
  bool is_discrete = false;
  int64_t first = 0, count = 0;  // if discrete
  bool has_low = false, has_high = false, is_integer = false;
  double low = 0, high = 0;  // unless discrete

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
    is_integer = data::is_integer(field.dtype);
    // A box of a few integers is discrete by its role.
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
    if (is_integer) {
      x = std::round(x);
    }
    if (has_low) {
      x = std::max(x, low);
    }
    if (has_high) {
      x = std::min(x, high);
    }
    return x;
  }

  // Samples a bounded box uniformly. A half-open one is sampled by the inverse
  // CDF of the exponential distribution, -log(1 - u) for a uniform u in [0, 1).
  double sample_continuous(base::RandomStream& rng) const {
    if (has_low && has_high) {
      // Rounding would give the two outermost integers half the probability.
      if (is_integer) {
        return low + std::floor(rng.uniform() * (high - low + 1));
      }
      return clip(rng.uniform(low, high));
    }
    if (has_low) {
      return clip(low - std::log(1 - rng.uniform()));
    }
    if (has_high) {
      return clip(high + std::log(1 - rng.uniform()));
    }
    return clip(rng.normal());
  }

  int64_t sample_discrete(base::RandomStream& rng) const {
    return first + static_cast<int64_t>(rng.uniform_int(count));
  }
};

base::Error text_action_error(const data::Field& field) {
  return base::input_error(
      "action '{}' is text: only numeric actions can be played", field.name);
}

}  // namespace

data::FieldValues random_action(const std::vector<data::Field>& action_fields,
                                base::RandomStream& rng) {
  data::FieldValues values;
  for (const data::Field& field : action_fields) {
    if (field.role == data::Role::text) {
      throw text_action_error(field);
    }
    data::Array array = data::Array::zeros(field.dtype, field.shape);
    for (int64_t i = 0; i < array.size(); ++i) {
      const ActionElement element(field, i);
      if (element.is_discrete) {
        array.set_integer(i, element.sample_discrete(rng));
      } else {
        array.set(i, element.sample_continuous(rng));
      }
    }
    values.push_back(std::move(array));
  }
  return values;
}

data::FieldValues noisy_action(const data::FieldValues& action,
                               const std::vector<data::Field>& action_fields,
                               double noise_level, base::RandomStream& rng) {
  data::FieldValues values = action;
  for (size_t f = 0; f < action_fields.size(); ++f) {
    auto* array = std::get_if<data::Array>(&values[f]);
    if (array == nullptr) {
      throw text_action_error(action_fields[f]);
    }
    for (int64_t i = 0; i < array->size(); ++i) {
      const ActionElement element(action_fields[f], i);
      if (element.is_discrete) {
        if (rng.uniform() < noise_level) {
          array->set_integer(i, element.sample_discrete(rng));
        }
      } else {
        const double stddev = noise_level * element.half_range();
        array->set(i,
                   element.clip(array->as_double(i) + stddev * rng.normal()));
      }
    }
  }
  return values;
}

}  // namespace gato::rollout
