#include "gato/tokenize/field_codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/tokenize/mu_law.h"

// The constructor resolves everything that depends on the space (the start of
// discrete values, the bounds of continuous ones) to one Element per element,
// so that encoding and decoding are loops over the elements.

namespace gato::tokenize {
namespace {

constexpr int32_t kBins = data::Vocabulary::kBinCount;
// Minari datasets of old Gymnasium versions contain +-3.4e38 for "no bound".
constexpr double kUnbounded = 3e38;
constexpr double kMaxExactInteger = 9007199254740992;  // 2^53

// Returns element i of a list that has one value per element, or one for all.
template <class T>
T broadcast_at(const std::vector<T>& values, size_t i) {
  return values.size() == 1 ? values[0] : values[i];
}

template <class T>
bool is_broadcastable(const std::vector<T>& values, size_t elements) {
  return values.size() == 1 || values.size() == elements;
}

}  // namespace

FieldCodec::FieldCodec(data::Field field, Kind kind,
                       const data::Vocabulary& vocabulary)
    : field_(std::move(field)), kind_(kind) {
  if (field_.role != data::Role::discrete &&
      field_.role != data::Role::continuous) {
    throw base::input_error("key '{}': {} is not numeric", field_.name,
                            data::role_name(field_.role));
  }
  const auto count = static_cast<size_t>(data::element_count(field_.shape));
  const bool has_bounds = !field_.low.empty() || !field_.high.empty();
  if ((!field_.n.empty() && !is_broadcastable(field_.n, count)) ||
      (!field_.start.empty() && !is_broadcastable(field_.start, count)) ||
      (has_bounds && (!is_broadcastable(field_.low, count) ||
                      !is_broadcastable(field_.high, count)))) {
    throw base::input_error("key '{}': the bounds do not fit its {} elements",
                            field_.name, count);
  }
  elements_.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    elements_.push_back(field_.role == data::Role::discrete
                            ? discrete_element(i, vocabulary)
                            : continuous_element(i, vocabulary));
    has_bounded_elements_ |= elements_.back().is_bounded;
  }
}

FieldCodec::Element FieldCodec::discrete_element(
    size_t i, const data::Vocabulary& vocabulary) const {
  Element element;
  double values = kBins;
  if (!field_.n.empty()) {
    values = static_cast<double>(broadcast_at(field_.n, i));
    if (!field_.start.empty()) {
      element.start = broadcast_at(field_.start, i);
    }
  } else if (!field_.low.empty()) {
    const double low = broadcast_at(field_.low, i);
    if (std::abs(low) <= kMaxExactInteger && std::floor(low) == low) {
      element.start = static_cast<int64_t>(low);
      values = broadcast_at(field_.high, i) - low + 1;
    }
  }
  const int32_t begin = vocabulary.discrete_begin();
  element.range = {begin, begin + static_cast<int32_t>(
                                      std::clamp(values, 1.0, double{kBins}))};
  return element;
}

FieldCodec::Element FieldCodec::continuous_element(
    size_t i, const data::Vocabulary& vocabulary) const {
  Element element;
  const int32_t begin = vocabulary.continuous_begin();
  element.range = {begin, begin + kBins};
  if (kind_ == Kind::observation) {
    return element;
  }
  if (!field_.low.empty()) {
    element.low = broadcast_at(field_.low, i);
    element.high = broadcast_at(field_.high, i);
    element.is_bounded = std::abs(element.low) < kUnbounded &&
                         std::abs(element.high) < kUnbounded;
    if (element.low > element.high) {
      throw base::input_error("action key '{}': low {} is above high {}",
                              field_.name, element.low, element.high);
    }
  } else if (!field_.n.empty()) {
    const int64_t start =
        field_.start.empty() ? 0 : broadcast_at(field_.start, i);
    element.low = static_cast<double>(start);
    element.high = static_cast<double>(start + broadcast_at(field_.n, i) - 1);
    element.is_bounded = true;
  }
  return element;
}

data::Modality FieldCodec::modality() const {
  const bool discrete = field_.role == data::Role::discrete;
  if (kind_ == Kind::action) {
    return discrete ? data::Modality::discrete_action
                    : data::Modality::continuous_action;
  }
  return discrete ? data::Modality::discrete_observation
                  : data::Modality::continuous_observation;
}

std::string FieldCodec::location_of(int64_t i) const {
  const char* kind = kind_ == Kind::action ? "action" : "observation";
  if (tokens() == 1) {
    return fmt::format("{} key '{}'", kind, field_.name);
  }
  return fmt::format("{} key '{}', element {}", kind, field_.name, i);
}

int32_t FieldCodec::discrete_id(const data::Array& value, int64_t i) const {
  const Element& element = elements_[i];
  if (data::is_floating(value.dtype)) {
    const double number = value.as_double(i);
    // The comparison is false for NaN, too.
    if (!(std::floor(number) == number &&
          std::abs(number) <= kMaxExactInteger)) {
      throw base::input_error(
          "{}: {} is not an integer, so it cannot be a discrete value",
          location_of(i), number);
    }
  }
  const int64_t number = value.as_integer(i);
  // Unsigned, because a signed difference could overflow.
  const uint64_t difference =
      static_cast<uint64_t>(number) - static_cast<uint64_t>(element.start);
  if (number < element.start || difference >= kBins) {
    throw base::input_error(
        "{}: discrete value {} is not between {} and {}; --role {}=continuous "
        "reads it as a continuous value",
        location_of(i), number, element.start, element.start + kBins - 1,
        field_.name);
  }
  return element.range.begin + static_cast<int32_t>(difference);
}

void FieldCodec::encode(const data::Array& value, std::vector<int32_t>& ids,
                        OutOfRangeTally& out_of_range) const {
  if (value.size() != tokens()) {
    throw base::input_error("{} key '{}' has {} elements, but its space has {}",
                            kind_ == Kind::action ? "action" : "observation",
                            field_.name, value.size(), tokens());
  }
  if (field_.role == data::Role::discrete) {
    encode_discrete(value, ids, out_of_range);
  } else {
    encode_continuous(value, ids, out_of_range);
  }
}

void FieldCodec::encode_discrete(const data::Array& value,
                                 std::vector<int32_t>& ids,
                                 OutOfRangeTally& out_of_range) const {
  for (int64_t i = 0; i < tokens(); ++i) {
    ids.push_back(discrete_id(value, i));
    if (ids.back() >= elements_[i].range.end) {
      out_of_range.add(field_, value.as_double(i));
    }
  }
}

void FieldCodec::encode_continuous(const data::Array& value,
                                   std::vector<int32_t>& ids,
                                   OutOfRangeTally& out_of_range) const {
  const MuLawQuantizer& quantize = MuLawQuantizer::instance();
  std::array<double, 256> chunk;
  // In chunks: conversion to double, then mu-law bins for all elements, then
  // linear bins for those that have bounds.
  for (int64_t first = 0; first < tokens(); first += std::ssize(chunk)) {
    const auto count = static_cast<size_t>(
        std::min<int64_t>(std::ssize(chunk), tokens() - first));
    value.copy_doubles(first, {chunk.data(), count});
    const int32_t begin = elements_[first].range.begin;
    const size_t offset = ids.size();
    ids.resize(offset + count);
    for (size_t i = 0; i < count; ++i) {
      const double x = chunk[i];
      if (std::isnan(x)) {
        throw base::input_error("{} is nan, which cannot be tokenized",
                                location_of(first + static_cast<int64_t>(i)));
      }
      if (std::isinf(x) &&
          !elements_[static_cast<size_t>(first) + i].is_bounded) {
        out_of_range.add(field_, x);
      }
      ids[offset + i] = begin + quantize(x);
    }
    if (!has_bounded_elements_) {
      continue;
    }
    for (size_t i = 0; i < count; ++i) {
      const Element& element = elements_[static_cast<size_t>(first) + i];
      if (!element.is_bounded) {
        continue;
      }
      const double x = chunk[i], low = element.low, high = element.high;
      const double y = low == high ? 0 : (x - low) / (high - low) * 2 - 1;
      if (x < low || x > high) {
        out_of_range.add(field_, x);
      }
      ids[offset + i] = begin + bin_index(y);
    }
  }
}

data::Array FieldCodec::decode(std::span<const int32_t> ids) const {
  if (static_cast<int64_t>(ids.size()) != tokens()) {
    throw base::input_error("key '{}' has {} tokens, but its space has {}",
                            field_.name, ids.size(), tokens());
  }
  data::Array value = data::Array::zeros(field_.dtype, field_.shape);
  for (int64_t i = 0; i < tokens(); ++i) {
    const Element& element = elements_[i];
    const int32_t k = ids[i] - element.range.begin;
    if (k < 0 || k >= kBins) {
      throw base::input_error("{}: id {} is outside [{}, {})", location_of(i),
                              ids[i], element.range.begin,
                              element.range.begin + kBins);
    }
    if (field_.role == data::Role::discrete) {
      value.set_integer(i, element.start + k);
      continue;
    }
    const double center = bin_center(k);
    double x = mu_law_decode(center);
    if (element.is_bounded) {
      x = element.low == element.high
              ? element.low
              : element.low + (center + 1) / 2 * (element.high - element.low);
    }
    if (field_.dtype == data::DType::boolean) {
      x = std::clamp(x, 0.0, 1.0);
    }
    value.set(i, data::is_integer(field_.dtype) ? std::nearbyint(x) : x);
  }
  return value;
}

}  // namespace gato::tokenize
