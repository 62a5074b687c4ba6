// Elements are accessed through memcpy(), because the bytes of an array need
// not be aligned for their type. Functions that are the same for all types are
// generic lambdas, which dispatch_dtype() instantiates for each C++ type.
#include "gato/data/array.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "gato/base/error.h"

namespace gato::data {
namespace {

static_assert(std::endian::native == std::endian::little,
              "arrays and file formats are little-endian");

struct DTypeTraits {
  std::string_view name;
  size_t size;
};

// The properties of each DType, in the order of the enumeration.
constexpr std::array<DTypeTraits, 11> kDTypeTraits{{
    {"bool", 1},
    {"int8", 1},
    {"uint8", 1},
    {"int16", 2},
    {"uint16", 2},
    {"int32", 4},
    {"uint32", 4},
    {"int64", 8},
    {"uint64", 8},
    {"float32", 4},
    {"float64", 8},
}};

const DTypeTraits& traits_of(DType dtype) {
  return kDTypeTraits[static_cast<size_t>(dtype)];
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Calls use(T{}), where T is the C++ type of the elements. Only the type of the
// argument matters.
template <class Use>
auto dispatch_dtype(DType dtype, Use use) {
  switch (dtype) {
    case DType::boolean:
    case DType::uint8:
      return use(uint8_t{});
    case DType::int8:
      return use(int8_t{});
    case DType::int16:
      return use(int16_t{});
    case DType::uint16:
      return use(uint16_t{});
    case DType::int32:
      return use(int32_t{});
    case DType::uint32:
      return use(uint32_t{});
    case DType::int64:
      return use(int64_t{});
    case DType::uint64:
      return use(uint64_t{});
    case DType::float32:
      return use(float{});
    case DType::float64:
      break;
  }
  return use(double{});
}

// Returns the nearest value of type T. For an integer type, values outside its
// range saturate and NaN becomes 0.
template <class T>
T saturate_cast(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    if (std::isnan(value)) {
      return 0;
    }
    constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (value <= kLow) {
      return std::numeric_limits<T>::min();
    }
    if (value >= kHigh) {
      return std::numeric_limits<T>::max();
    }
    return static_cast<T>(value);
  }
}

}  // namespace

size_t item_size(DType dtype) { return traits_of(dtype).size; }

std::string_view dtype_name(DType dtype) { return traits_of(dtype).name; }

DType parse_dtype(std::string_view name) {
  for (size_t i = 0; i < kDTypeTraits.size(); ++i) {
    if (kDTypeTraits[i].name == name) {
      return static_cast<DType>(i);
    }
  }
  throw base::input_error(
      "the element type \"{}\" is not supported: use bool, int8 to uint64, "
      "float32 or float64",
      name);
}

bool is_integer(DType dtype) {
  return dtype != DType::float32 && dtype != DType::float64;
}

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t extent : shape) {
    count *= extent;
  }
  return count;
}

void check_shape(const std::vector<int64_t>& shape, int64_t max_elements) {
  int64_t count = 1;
  for (int64_t extent : shape) {
    // An extent of 0 counts as 1, so that the product of the other extents is
    // also bounded and element_count() cannot overflow.
    if (extent < 0 || extent > max_elements ||
        count > max_elements / std::max<int64_t>(extent, 1)) {
      throw base::input_error(
          "the shape [{}] is not supported: extents must not be negative, and "
          "an array can have at most {} elements",
          fmt::join(shape, ", "), max_elements);
    }
    count *= std::max<int64_t>(extent, 1);
  }
}

Array Array::zeros(DType dtype, std::vector<int64_t> shape) {
  Array array = uninitialized(dtype, std::move(shape));
  std::fill(array.bytes.begin(), array.bytes.end(), std::byte{0});
  return array;
}

Array Array::uninitialized(DType dtype, std::vector<int64_t> shape) {
  Array array;
  array.dtype = dtype;
  array.shape = std::move(shape);
  array.bytes.resize(static_cast<size_t>(array.size()) * item_size(dtype));
  return array;
}

double Array::as_double(int64_t i) const {
  assert(i >= 0 && i < size());
  const std::byte* from =
      bytes.data() + static_cast<size_t>(i) * item_size(dtype);
  return dispatch_dtype(dtype, [from](auto type) {
    return static_cast<double>(load<decltype(type)>(from));
  });
}

int64_t Array::as_integer(int64_t i) const {
  assert(i >= 0 && i < size());
  const std::byte* from =
      bytes.data() + static_cast<size_t>(i) * item_size(dtype);
  return dispatch_dtype(dtype, [from](auto type) -> int64_t {
    using T = decltype(type);
    const T value = load<T>(from);
    if constexpr (std::is_floating_point_v<T>) {
      return saturate_cast<int64_t>(value);
    } else if constexpr (std::is_same_v<T, uint64_t>) {
      constexpr uint64_t kMaxValue = std::numeric_limits<int64_t>::max();
      return static_cast<int64_t>(value < kMaxValue ? value : kMaxValue);
    } else {
      return value;
    }
  });
}

void Array::copy_doubles(int64_t first, std::span<double> into) const {
  assert(first >= 0 && first + std::ssize(into) <= size());
  dispatch_dtype(dtype, [&](auto type) {
    using T = decltype(type);
    const std::byte* from =
        bytes.data() + static_cast<size_t>(first) * sizeof(T);
    for (double& value : into) {
      value = static_cast<double>(load<T>(from));
      from += sizeof(T);
    }
  });
}

void Array::set(int64_t i, double value) {
  assert(i >= 0 && i < size());
  std::byte* into = bytes.data() + static_cast<size_t>(i) * item_size(dtype);
  dispatch_dtype(dtype, [into, value](auto type) {
    const auto stored = saturate_cast<decltype(type)>(value);
    std::memcpy(into, &stored, sizeof stored);
  });
}

void Array::set_integer(int64_t i, int64_t value) {
  assert(i >= 0 && i < size());
  std::byte* into = bytes.data() + static_cast<size_t>(i) * item_size(dtype);
  dispatch_dtype(dtype, [into, value](auto type) {
    const auto stored = static_cast<decltype(type)>(value);
    std::memcpy(into, &stored, sizeof stored);
  });
}

Array Array::row(int64_t i) const {
  Array row;
  copy_row(i, row);
  return row;
}

void Array::copy_row(int64_t i, Array& row) const {
  assert(!shape.empty() && i >= 0 && i < shape[0]);
  row.dtype = dtype;
  row.shape.assign(shape.begin() + 1, shape.end());
  const auto count = static_cast<size_t>(row.size()) * item_size(dtype);
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(i * count);
  row.bytes.assign(first, first + static_cast<std::ptrdiff_t>(count));
}

}  // namespace gato::data
