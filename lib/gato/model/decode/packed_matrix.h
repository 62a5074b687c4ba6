// Matrices and rows in the form that the kernels of decode_kernels.h multiply.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

#include "gato/model/decode/decode_kernels.h"
#include "gato/model/decode/huge_buffer.h"

namespace gato::model {

// Calls visit(i) for the rows [0, count), in parallel if there are many.
void for_each_row(int64_t count, const std::function<void(int64_t)>& visit);

// Packed rows of n elements each. Storage is reused from call to call.
class PackedRows {
 public:
  PackedRows(PackedType type, const DecodeKernels& kernels)
      : type_(type), kernels_(&kernels) {}

  // Makes room for `rows` rows of n elements, whose content is undefined.
  void resize(int64_t rows, int64_t n);
  // Sets a row. Different rows may be set at the same time.
  void set(int64_t row, const float* x);

  int64_t rows() const { return rows_; }

 private:
  friend class PackedMatrix;

  PackedType type_;
  const DecodeKernels* kernels_;
  int64_t rows_ = 0, elements_ = 0, words_ = 0;
  HugeBuffer word_buffer_, group_buffer_;
};

// The weights of a linear layer.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // Packs fp32 weights [N, K]. A column of int8 is quantized with the scale at
  // which its largest magnitude becomes 127.
  PackedMatrix(const at::Tensor& weights, PackedType type,
               const DecodeKernels& kernels);

  // Returns the number of columns of all tiles, which is at least N.
  int64_t padded_columns() const { return tiles_ * kernels_->tile_columns; }

  // Sets y [rows, padded_columns()] to the products of the rows, in parallel if
  // they are large.
  void multiply(const PackedRows& x, float* y) const;
  // The same for columns [begin, end) only; y is [rows, end - begin].
  void multiply(const PackedRows& x, int64_t begin, int64_t end,
                float* y) const;

 private:
  void multiply_tiles(const PackedRows& x, int64_t first_tile, int64_t end_tile,
                      float* y, int64_t y_stride) const;
  void pack_tile(const at::Tensor& weights, int64_t tile);

  PackedType type_ = PackedType::fp32;
  const DecodeKernels* kernels_ = nullptr;
  int64_t columns_ = 0, rows_ = 0, tiles_ = 0;  // N, K
  int64_t words_ = 0;                           // along K
  HugeBuffer tile_buffer_, scale_buffer_;
};

// The layout of a packed matrix [rows, columns] of fp32 or bf16 that is written
// row by row or column by column.
struct PackedLayout {
  PackedType type = PackedType::fp32;
  int64_t tile_columns = 0;
  int64_t rows = 0;

  // Stores a column of `rows` elements.
  void store_column(void* matrix, int64_t column, const float* values) const;
  // Stores a row of n elements, in columns [0, n).
  void store_row(void* matrix, int64_t row, const float* values,
                 int64_t n) const;
};

}  // namespace gato::model
