// A dense array of one numeric type, as read from a file or sent to a
// simulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gato/base/bytes.h"

namespace gato::data {

enum class DType : uint8_t {
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
};

size_t item_size(DType dtype);             // bytes an element
std::string_view dtype_name(DType dtype);  // numpy's name: "bool", "uint8" ...
DType parse_dtype(std::string_view name);  // numpy's name; else Error bad_input
bool is_integer(DType dtype);              // bool counts as integer
inline bool is_floating(DType dtype) { return !is_integer(dtype); }

// Product of the extents; 1 for a scalar's empty shape.
int64_t element_count(const std::vector<int64_t>& shape);
// For shapes that come from outside: Error (bad_input) where an extent is
// negative or there are more than `most` elements.
void check_shape(const std::vector<int64_t>& shape,
                 int64_t max_elements = int64_t{1} << 40);

// C order, little-endian. bytes.size() == element_count(shape) *
// item_size(dtype).
struct Array {
  DType dtype = DType::float64;
  std::vector<int64_t> shape;
  base::Bytes bytes;

  static Array zeros(DType dtype, std::vector<int64_t> shape);
  // With elements as the memory was, for a reader that fills all of them.
  static Array uninitialized(DType dtype, std::vector<int64_t> shape);

  int64_t size() const { return element_count(shape); }
  // Element i in C order. `as_integer` of a uint64 above 2^63 - 1 saturates.
  double as_double(int64_t i) const;
  int64_t as_integer(int64_t i) const;
  // Elements first, first + 1, ... as as_double() gives them.
  void copy_doubles(int64_t first, std::span<double> into) const;
  void set(int64_t i, double value);
  void set_integer(int64_t i, int64_t value);

  template <class T>
  T* data() {
    return reinterpret_cast<T*>(bytes.data());
  }
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes.data());
  }

  // Row i of the first axis, copied: shape[1:].
  Array row(int64_t i) const;
  // The same into an array that may hold another row, whose memory is reused.
  void copy_row(int64_t i, Array& row) const;
};

}  // namespace gato::data
