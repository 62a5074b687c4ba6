#include "gato/model/decode/packed_matrix.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace gato::model {
namespace {

// Starting threads costs some microseconds. Less work than this, in
// multiplications, is done by one.
constexpr int64_t kMinParallelProducts = int64_t{1} << 19;
constexpr int64_t kMinParallelRows = 8;

}  // namespace

void for_each_row(int64_t count, const std::function<void(int64_t)>& visit) {
  at::parallel_for(0, count, kMinParallelRows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      visit(row);
    }
  });
}

void PackedLayout::store_column(void* matrix, int64_t column,
                                const float* values) const {
  const int64_t first_word =
      column / tile_columns * packed_words(type, rows) * tile_columns +
      column % tile_columns;
  if (type == PackedType::fp32) {
    float* word = static_cast<float*>(matrix) + first_word;
    for (int64_t row = 0; row < rows; ++row, word += tile_columns) {
      *word = values[row];
    }
    return;
  }
  at::BFloat16* word = static_cast<at::BFloat16*>(matrix) + 2 * first_word;
  for (int64_t row = 0; row < rows; row += 2, word += 2 * tile_columns) {
    word[0] = values[row];
    if (row + 1 < rows) {
      word[1] = values[row + 1];
    }
  }
}

void PackedLayout::store_row(void* matrix, int64_t row, const float* values,
                             int64_t n) const {
  const int64_t tile_words = packed_words(type, rows) * tile_columns;
  const int64_t row_word = row / elements_per_word(type) * tile_columns;
  for (int64_t first = 0; first < n; first += tile_columns) {
    const int64_t count = std::min(tile_columns, n - first);
    const int64_t word = first / tile_columns * tile_words + row_word;
    if (type == PackedType::fp32) {
      std::copy_n(values + first, count, static_cast<float*>(matrix) + word);
      continue;
    }
    at::BFloat16* const element =
        static_cast<at::BFloat16*>(matrix) + 2 * word + row % 2;
    for (int64_t i = 0; i < count; ++i) {
      element[2 * i] = values[first + i];
    }
  }
}

void PackedRows::resize(int64_t rows, int64_t n) {
  rows_ = rows;
  elements_ = n;
  words_ = packed_words(type_, n);
  word_buffer_.grow(rows * words_ * 4);
  if (type_ == PackedType::int8) {
    group_buffer_.grow(rows * words_ * 4 / kGroupSize *
                       static_cast<int64_t>(sizeof(RowGroup)));
  }
}

void PackedRows::set(int64_t row, const float* x) {
  kernels_->pack_row[static_cast<size_t>(type_)](
      x, elements_, word_buffer_.data<uint32_t>() + row * words_,
      group_buffer_.data<RowGroup>() + row * (words_ * 4 / kGroupSize));
}

PackedMatrix::PackedMatrix(const at::Tensor& weights, PackedType type,
                           const DecodeKernels& kernels)
    : type_(type),
      kernels_(&kernels),
      columns_(weights.size(0)),
      rows_(weights.size(1)),
      tiles_((columns_ + kernels.tile_columns - 1) / kernels.tile_columns),
      words_(packed_words(type, rows_)),
      tile_buffer_(tiles_ * words_ * kernels.tile_columns * 4),
      scale_buffer_(tiles_ * kernels.tile_columns * 4) {
  const at::Tensor contiguous = weights.contiguous();
  at::parallel_for(0, tiles_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      pack_tile(contiguous, tile);
    }
  });
}

void PackedMatrix::pack_tile(const at::Tensor& weights, int64_t tile) {
  const int64_t tile_columns = kernels_->tile_columns;
  const int64_t first = tile * tile_columns;
  const int64_t count = std::min(tile_columns, columns_ - first);
  for (int64_t c = 0; c < count; ++c) {
    const float* const column =
        weights.const_data_ptr<float>() + (first + c) * rows_;
    if (type_ != PackedType::int8) {
      PackedLayout{type_, tile_columns, rows_}.store_column(
          tile_buffer_.data<void>(), first + c, column);
      continue;
    }
    float largest = 0;
    for (int64_t k = 0; k < rows_; ++k) {
      largest = std::max(largest, std::abs(column[k]));
    }
    scale_buffer_.data<float>()[first + c] = largest / 127;
    const float inverse = largest > 0 ? 127 / largest : 0;
    auto* const bytes = tile_buffer_.data<uint8_t>();
    for (int64_t k = 0; k < rows_; ++k) {
      bytes[((tile * words_ + k / 4) * tile_columns + c) * 4 + k % 4] =
          static_cast<uint8_t>(128 + std::lrint(column[k] * inverse));
    }
  }
}

void PackedMatrix::multiply(const PackedRows& x, float* y) const {
  multiply_tiles(x, 0, tiles_, y, padded_columns());
}

void PackedMatrix::multiply(const PackedRows& x, int64_t begin, int64_t end,
                            float* y) const {
  const int64_t tile_columns = kernels_->tile_columns;
  const int64_t first_tile = begin / tile_columns;
  const int64_t end_tile = (end + tile_columns - 1) / tile_columns;
  const int64_t stride = (end_tile - first_tile) * tile_columns;
  std::vector<float> tiles(static_cast<size_t>(x.rows() * stride));
  multiply_tiles(x, first_tile, end_tile, tiles.data(), stride);
  for (int64_t row = 0; row < x.rows(); ++row) {
    std::copy_n(tiles.data() + row * stride + begin - first_tile * tile_columns,
                end - begin, y + row * (end - begin));
  }
}

void PackedMatrix::multiply_tiles(const PackedRows& x, int64_t first_tile,
                                  int64_t end_tile, float* y,
                                  int64_t y_stride) const {
  if (x.rows() == 0) {
    return;
  }
  const int64_t tile_columns = kernels_->tile_columns;
  const int64_t grain =
      1 + kMinParallelProducts / (x.rows() * rows_ * tile_columns);
  at::parallel_for(
      first_tile, end_tile, grain, [&](int64_t begin, int64_t end) {
        TileProduct product;
        product.x = x.word_buffer_.data<uint32_t>();
        product.x_stride = words_;
        product.rows = x.rows();
        product.words = words_;
        product.y_stride = y_stride;
        product.row_groups = x.group_buffer_.data<RowGroup>();
        for (int64_t tile = begin; tile < end; ++tile) {
          product.tile =
              tile_buffer_.data<uint32_t>() + tile * words_ * tile_columns;
          product.y = y + (tile - first_tile) * tile_columns;
          product.column_scales =
              scale_buffer_.data<float>() + tile * tile_columns;
          kernels_->multiply[static_cast<size_t>(type_)](product);
        }
      });
}

}  // namespace gato::model
