#include "gato/tokenize/field.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/tokenize/continuous.h"

namespace gato {
namespace {

constexpr int32_t bins = Vocabulary::bins;
// Minari files of old gymnasium versions write +-3.4e38 for "no bound".
constexpr double unbounded = 3e38;
constexpr double largest_whole = 9007199254740992;  // 2^53

// Element i of a list of one value an element, or one value for all.
template <class T>
T element_of(const std::vector<T>& values, size_t i) {
  return values.size() == 1 ? values[0] : values[i];
}

template <class T>
bool covers(const std::vector<T>& values, size_t elements) {
  return values.size() == 1 || values.size() == elements;
}

}  // namespace

FieldCodec::FieldCodec(Field field, Place place, const Vocabulary& vocabulary)
    : field_(std::move(field)), place_(place) {
  if (field_.role != Role::discrete && field_.role != Role::continuous) {
    throw input_error("key '{}': {} is not numbers", field_.name,
                      name_of(field_.role));
  }
  const auto count = static_cast<size_t>(element_count(field_.shape));
  const bool has_bounds = !field_.low.empty() || !field_.high.empty();
  if ((!field_.n.empty() && !covers(field_.n, count)) ||
      (!field_.start.empty() && !covers(field_.start, count)) ||
      (has_bounds &&
       (!covers(field_.low, count) || !covers(field_.high, count)))) {
    throw input_error("key '{}': the bounds do not fit its {} elements",
                      field_.name, count);
  }
  elements_.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    elements_.push_back(field_.role == Role::discrete
                            ? discrete_element(i, vocabulary)
                            : continuous_element(i, vocabulary));
    has_bounded_ |= elements_.back().bounded;
  }
}

FieldCodec::Element FieldCodec::discrete_element(
    size_t i, const Vocabulary& vocabulary) const {
  Element element;
  double values = bins;
  if (!field_.n.empty()) {
    values = static_cast<double>(element_of(field_.n, i));
    if (!field_.start.empty()) element.start = element_of(field_.start, i);
  } else if (!field_.low.empty()) {
    const double low = element_of(field_.low, i);
    if (std::abs(low) <= largest_whole && std::floor(low) == low) {
      element.start = static_cast<int64_t>(low);
      values = element_of(field_.high, i) - low + 1;
    }
  }
  const int32_t begin = vocabulary.discrete_begin();
  element.range = {begin, begin + static_cast<int32_t>(
                                      std::clamp(values, 1.0, double{bins}))};
  return element;
}

FieldCodec::Element FieldCodec::continuous_element(
    size_t i, const Vocabulary& vocabulary) const {
  Element element;
  const int32_t begin = vocabulary.continuous_begin();
  element.range = {begin, begin + bins};
  if (place_ == Place::observation) return element;
  if (!field_.low.empty()) {
    element.low = element_of(field_.low, i);
    element.high = element_of(field_.high, i);
    element.bounded =
        std::abs(element.low) < unbounded && std::abs(element.high) < unbounded;
    if (element.low > element.high) {
      throw input_error("action key '{}': low {} is above high {}", field_.name,
                        element.low, element.high);
    }
  } else if (!field_.n.empty()) {
    const int64_t start =
        field_.start.empty() ? 0 : element_of(field_.start, i);
    element.low = static_cast<double>(start);
    element.high = static_cast<double>(start + element_of(field_.n, i) - 1);
    element.bounded = true;
  }
  return element;
}

Modality FieldCodec::modality() const {
  const bool discrete = field_.role == Role::discrete;
  if (place_ == Place::action) {
    return discrete ? Modality::discrete_action : Modality::continuous_action;
  }
  return discrete ? Modality::discrete_observation
                  : Modality::continuous_observation;
}

std::string FieldCodec::place_of(int64_t i) const {
  const char* kind = place_ == Place::action ? "action" : "observation";
  if (tokens() == 1) return fmt::format("{} key '{}'", kind, field_.name);
  return fmt::format("{} key '{}', element {}", kind, field_.name, i);
}

int32_t FieldCodec::discrete_id(const Array& value, int64_t i) const {
  const Element& element = elements_[i];
  if (is_floating(value.dtype)) {
    const double number = value.as_double(i);
    // False for NaN too.
    if (!(std::floor(number) == number && std::abs(number) <= largest_whole)) {
      throw input_error("{}: {} is no whole number, so it cannot be discrete",
                        place_of(i), number);
    }
  }
  const int64_t number = value.as_integer(i);
  // Unsigned, so that no difference overflows.
  const uint64_t difference =
      static_cast<uint64_t>(number) - static_cast<uint64_t>(element.start);
  if (number < element.start || difference >= bins) {
    throw input_error(
        "{}: discrete value {} is outside {} to {}; --role {}=continuous reads "
        "it as a continuous value",
        place_of(i), number, element.start, element.start + bins - 1,
        field_.name);
  }
  return element.range.begin + static_cast<int32_t>(difference);
}

FieldCodec::Outside FieldCodec::encode(const Array& value,
                                       std::vector<int32_t>& ids) const {
  if (value.size() != tokens()) {
    throw input_error("{} key '{}' has {} elements where its space has {}",
                      place_ == Place::action ? "action" : "observation",
                      field_.name, value.size(), tokens());
  }
  return field_.role == Role::discrete ? encode_discrete(value, ids)
                                       : encode_continuous(value, ids);
}

FieldCodec::Outside FieldCodec::encode_discrete(
    const Array& value, std::vector<int32_t>& ids) const {
  Outside outside;
  for (int64_t i = 0; i < tokens(); ++i) {
    ids.push_back(discrete_id(value, i));
    if (ids.back() >= elements_[i].range.end) outside.add(value.as_double(i));
  }
  return outside;
}

FieldCodec::Outside FieldCodec::encode_continuous(
    const Array& value, std::vector<int32_t>& ids) const {
  const CompandedBins& companded = CompandedBins::shared();
  Outside outside;
  std::array<double, 256> part;
  for (int64_t first = 0; first < tokens(); first += std::ssize(part)) {
    const auto count = static_cast<size_t>(
        std::min<int64_t>(std::ssize(part), tokens() - first));
    value.copy_doubles(first, {part.data(), count});
    const int32_t begin = elements_[first].range.begin;
    const size_t place = ids.size();
    ids.resize(place + count);
    for (size_t i = 0; i < count; ++i) {
      const double x = part[i];
      if (std::isnan(x)) {
        throw input_error("{} is nan, which no token stands for",
                          place_of(first + static_cast<int64_t>(i)));
      }
      ids[place + i] = begin + companded(x);
    }
    if (!has_bounded_) continue;
    for (size_t i = 0; i < count; ++i) {
      const Element& element = elements_[static_cast<size_t>(first) + i];
      if (!element.bounded) continue;
      const double x = part[i], low = element.low, high = element.high;
      const double y = low == high ? 0 : (x - low) / (high - low) * 2 - 1;
      if (x < low || x > high) outside.add(x);
      ids[place + i] = begin + bin_of(y);
    }
  }
  return outside;
}

Array FieldCodec::decode(std::span<const int32_t> ids) const {
  if (static_cast<int64_t>(ids.size()) != tokens()) {
    throw input_error("key '{}' has {} tokens where its space has {}",
                      field_.name, ids.size(), tokens());
  }
  Array value = Array::zeros(field_.dtype, field_.shape);
  for (int64_t i = 0; i < tokens(); ++i) {
    const Element& element = elements_[i];
    const int32_t k = ids[i] - element.range.begin;
    if (k < 0 || k >= bins) {
      throw input_error("{}: id {} is outside [{}, {})", place_of(i), ids[i],
                        element.range.begin, element.range.begin + bins);
    }
    if (field_.role == Role::discrete) {
      value.set_integer(i, element.start + k);
      continue;
    }
    const double centre = bin_centre(k);
    double x = expand(centre);
    if (element.bounded) {
      x = element.low == element.high
              ? element.low
              : element.low + (centre + 1) / 2 * (element.high - element.low);
    }
    if (field_.dtype == DType::boolean) x = std::clamp(x, 0.0, 1.0);
    value.set(i, is_integer(field_.dtype) ? std::nearbyint(x) : x);
  }
  return value;
}

}  // namespace gato
