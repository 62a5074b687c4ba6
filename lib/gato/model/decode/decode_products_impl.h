// Products of rows with a tile of a packed matrix. See decode_kernels_impl.h.
#pragma once

#include "gato/model/decode/decode_kernels.h"
#include "gato/model/decode/decode_vectors_impl.h"

#if defined(__clang__)
#define GATO_UNROLL _Pragma("unroll")
#else
#define GATO_UNROLL _Pragma("GCC unroll 16")
#endif

namespace gato::model {
namespace {

// Products of one word of x with one vector of words of a tile, for each type.

struct Fp32Product {
  using Weights = Floats;
  static constexpr int kMaxRows = kRegisters / kTileVectors - 2;

  static Weights load_weights(const char* tile) { return load<Floats>(tile); }
  static Floats broadcast_word(const uint32_t* x) {
    float value;
    __builtin_memcpy(&value, x, sizeof value);
    return broadcast(value);
  }
  static void multiply_add(const Weights& weights, const Floats& x,
                           Floats& sums) {
    sums += weights * x;
  }
};

#if defined(__AVX512BF16__)
struct NativeBf16Product {
  using Weights = Words;
  static constexpr int kMaxRows = kRegisters / kTileVectors - 2;

  static Weights load_weights(const char* tile) { return load<Words>(tile); }
  static Words broadcast_word(const uint32_t* x) { return Words{} + *x; }
  static void multiply_add(const Weights& weights, const Words& x,
                           Floats& sums) {
    sums = reinterpret_cast<Floats>(_mm512_dpbf16_ps(
        reinterpret_cast<__m512>(sums), reinterpret_cast<__m512bh>(weights),
        reinterpret_cast<__m512bh>(x)));
  }
};
using Bf16Product = NativeBf16Product;
#else
// A bf16 is the upper half of a float.
struct EmulatedBf16Product {
  struct Pair {
    Floats first, second;
  };
  using Weights = Pair;
  static constexpr int kMaxRows = kRegisters == 32 ? 12 : 4;

  static Pair unpack(const Words& words) {
    return {reinterpret_cast<Floats>(words << 16),
            reinterpret_cast<Floats>(words & 0xffff0000U)};
  }
  static Weights load_weights(const char* tile) {
    return unpack(load<Words>(tile));
  }
  static Pair broadcast_word(const uint32_t* x) { return unpack(Words{} + *x); }
  static void multiply_add(const Weights& weights, const Pair& x,
                           Floats& sums) {
    sums += weights.first * x.first;
    sums += weights.second * x.second;
  }
};
using Bf16Product = EmulatedBf16Product;
#endif

// Products of four uint8 of a tile with four int8 of x.
struct Int8Product {
  static constexpr int kMaxRows = kRegisters == 32 ? 7 : 2;

  static void multiply_add(const Words& weights, const Words& x, Ints& sums) {
#if defined(__AVX512VNNI__)
    sums = reinterpret_cast<Ints>(_mm512_dpbusd_epi32(
        reinterpret_cast<__m512i>(sums), reinterpret_cast<__m512i>(weights),
        reinterpret_cast<__m512i>(x)));
#elif defined(__AVX2__)
    // Products of pairs of int16: of the even, then of the odd elements.
    const Ints even_x = reinterpret_cast<Ints>(
        reinterpret_cast<Shorts>(reinterpret_cast<Shorts>(x) << 8) >> 8);
    const Ints odd_x = reinterpret_cast<Ints>(reinterpret_cast<Shorts>(x) >> 8);
    const Words even = weights & 0x00ff00ffU;
    const Words odd = (weights >> 8) & 0x00ff00ffU;
    sums += multiply_pairs(even, even_x) + multiply_pairs(odd, odd_x);
#else
    const Ints bytes = reinterpret_cast<Ints>(x);
    GATO_UNROLL
    for (int i = 0; i < 4; ++i) {
      sums += reinterpret_cast<Ints>((weights >> (8 * i)) & 0xffU) *
              ((bytes << (24 - 8 * i)) >> 24);
    }
#endif
  }

#if defined(__AVX2__) && !defined(__AVX512VNNI__)
 private:
  typedef int16_t Shorts __attribute__((vector_size(kVectorBytes)));

  static Ints multiply_pairs(const Words& a, const Ints& b) {
#if defined(__AVX512BW__)
    return reinterpret_cast<Ints>(_mm512_madd_epi16(
        reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#else
    return reinterpret_cast<Ints>(_mm256_madd_epi16(
        reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#endif
  }
#endif
};

// Prefetches into the second-level cache. The first level is smaller than the
// distance, and has fewer reads of memory in progress. A single row computes
// faster than memory can be read, prefetched or not.
template <int rows, int bytes>
void prefetch(const char* memory) {
  if constexpr (rows > 1) {
    for (int offset = 0; offset < bytes; offset += 64) {
      __builtin_prefetch(memory + offset, /*rw=*/0, /*locality=*/2);
    }
  }
}

// Stores the sums of a row, or adds them to y.
void store_row(const TileProduct& product, const Floats (&sums)[kTileVectors],
               float* y) {
  for (int v = 0; v < kTileVectors; ++v) {
    float* const out = y + v * kLanes;
    store(out, product.accumulate ? load<Floats>(out) + sums[v] : sums[v]);
  }
}

// Multiplies rows [first, first + rows) with the tile.
template <class Product, int rows>
struct RowProduct {
  static void run(const TileProduct& product, int64_t first) {
    Floats sums[rows][kTileVectors] = {};
    const auto* tile = static_cast<const char*>(product.tile);
    const int64_t stride = product.x_stride;
    const uint32_t* x = product.x + first * stride;
    constexpr int kStepBytes = kTileVectors * kVectorBytes;
    for (int64_t word = 0; word < product.words; ++word) {
      typename Product::Weights weights[kTileVectors];
      GATO_UNROLL
      for (int v = 0; v < kTileVectors; ++v) {
        weights[v] = Product::load_weights(tile + v * kVectorBytes);
      }
      prefetch<rows, kStepBytes>(tile + product.prefetch_distance);
      tile += kStepBytes;
      GATO_UNROLL
      for (int row = 0; row < rows; ++row) {
        const auto x_word = Product::broadcast_word(x + row * stride + word);
        GATO_UNROLL
        for (int v = 0; v < kTileVectors; ++v) {
          Product::multiply_add(weights[v], x_word, sums[row][v]);
        }
      }
    }
    GATO_UNROLL
    for (int row = 0; row < rows; ++row) {
      store_row(product, sums[row],
                product.y + (first + row) * product.y_stride);
    }
  }
};

// Sums of integers are exact within a group, and scaled at its end.
template <int rows>
struct RowProduct<Int8Product, rows> {
  static void run(const TileProduct& product, int64_t first) {
    constexpr int64_t kGroupWords = kGroupSize / 4;
    constexpr int kStepBytes = kTileVectors * kVectorBytes;
    const int64_t groups = product.words / kGroupWords;
    Floats sums[rows][kTileVectors] = {};
    const auto* tile = static_cast<const char*>(product.tile);
    const int64_t stride = product.x_stride;
    const uint32_t* x = product.x + first * stride;
    const RowGroup* row_group = product.row_groups + first * groups;
    for (int64_t group = 0; group < groups; ++group, ++row_group) {
      Ints integers[rows][kTileVectors];
      GATO_UNROLL
      for (int row = 0; row < rows; ++row) {
        GATO_UNROLL
        for (int v = 0; v < kTileVectors; ++v) {
          integers[row][v] = Ints{} + row_group[row * groups].offset;
        }
      }
      for (int64_t word = 0; word < kGroupWords; ++word, ++x) {
        Words weights[kTileVectors];
        GATO_UNROLL
        for (int v = 0; v < kTileVectors; ++v) {
          weights[v] = load<Words>(tile + v * kVectorBytes);
        }
        prefetch<rows, kStepBytes>(tile + product.prefetch_distance);
        tile += kStepBytes;
        GATO_UNROLL
        for (int row = 0; row < rows; ++row) {
          const Words x_word = Words{} + x[row * stride];
          GATO_UNROLL
          for (int v = 0; v < kTileVectors; ++v) {
            Int8Product::multiply_add(weights[v], x_word, integers[row][v]);
          }
        }
      }
      GATO_UNROLL
      for (int row = 0; row < rows; ++row) {
        GATO_UNROLL
        for (int v = 0; v < kTileVectors; ++v) {
          sums[row][v] += __builtin_convertvector(integers[row][v], Floats) *
                          row_group[row * groups].scale;
        }
      }
    }
    GATO_UNROLL
    for (int row = 0; row < rows; ++row) {
      GATO_UNROLL
      for (int v = 0; v < kTileVectors; ++v) {
        sums[row][v] *= load<Floats>(product.column_scales + v * kLanes);
      }
      store_row(product, sums[row],
                product.y + (first + row) * product.y_stride);
    }
  }
};

// Calls RowProduct<Product, count>, for count from 1 to max_rows.
template <class Product, int max_rows = Product::kMaxRows>
void multiply_rows(const TileProduct& product, int64_t first, int64_t count) {
  if constexpr (max_rows > 1) {
    if (count < max_rows) {
      multiply_rows<Product, max_rows - 1>(product, first, count);
      return;
    }
  }
  RowProduct<Product, max_rows>::run(product, first);
}

// Divides [0, count) into as few blocks of at most max_size as possible, of
// almost equal sizes, and calls visit(begin, size) for each.
template <class Visit>
void for_each_block(int64_t count, int64_t max_size, const Visit& visit) {
  const int64_t blocks = (count + max_size - 1) / max_size;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t begin = block * count / blocks;
    visit(begin, (block + 1) * count / blocks - begin);
  }
}

template <class Product>
void multiply(const TileProduct& product) {
  for_each_block(product.rows, Product::kMaxRows,
                 [&](int64_t begin, int64_t size) {
                   multiply_rows<Product>(product, begin, size);
                 });
}

}  // namespace
}  // namespace gato::model
