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

// Returns the size of one element in bytes.
size_t item_size(DType dtype);
// Returns NumPy's name of the type: "bool", "uint8", ...
std::string_view dtype_name(DType dtype);
// Returns the type with this NumPy name. Throws Error(bad_input) if the name is
// not that of a supported type.
DType parse_dtype(std::string_view name);
// Returns true for every type except float32 and float64; boolean counts as an
// integer type.
bool is_integer(DType dtype);
inline bool is_floating(DType dtype) { return !is_integer(dtype); }

// Returns the product of the extents, which is 1 for the empty shape of a
// scalar. Does not check for overflow; see check_shape().
int64_t element_count(const std::vector<int64_t>& shape);
// Validates a shape from an untrusted source. Throws Error(bad_input) if an
// extent is negative or the product of the nonzero extents is greater than
// `max_elements`.
void check_shape(const std::vector<int64_t>& shape,
                 int64_t max_elements = int64_t{1} << 40);

// An array in C order with little-endian elements.
// Invariant: bytes.size() == element_count(shape) * item_size(dtype).
struct Array {
  DType dtype = DType::float64;
  std::vector<int64_t> shape;
  base::Bytes bytes;

  static Array zeros(DType dtype, std::vector<int64_t> shape);
  // Returns an array whose elements are uninitialized, for a reader that
  // overwrites all of them.
  static Array uninitialized(DType dtype, std::vector<int64_t> shape);

  int64_t size() const { return element_count(shape); }
  // Returns element i in C order, converted. as_integer() saturates at the
  // limits of int64 and returns 0 for NaN.
  double as_double(int64_t i) const;
  int64_t as_integer(int64_t i) const;
  // Copies elements first, first + 1, ..., converted as by as_double(), until
  // `into` is full.
  void copy_doubles(int64_t first, std::span<double> into) const;
  // Sets element i. Integer types saturate and store NaN as 0.
  void set(int64_t i, double value);
  // Sets element i; values outside the range of an integer type wrap around.
  void set_integer(int64_t i, int64_t value);

  template <class T>
  T* data() {
    return reinterpret_cast<T*>(bytes.data());
  }
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes.data());
  }

  // Returns a copy of row i along the first axis, of shape shape[1:].
  Array row(int64_t i) const;
  // Copies row i into `row` and reuses the memory that `row` already owns.
  void copy_row(int64_t i, Array& row) const;
};

}  // namespace gato::data
