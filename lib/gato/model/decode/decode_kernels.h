// The inner loops of decoding on a CPU: products of a few rows with packed
// matrices, attention over a ring, and the operations between them.
//
// LibTorch's products are made for many rows. With the few rows of a time step,
// they reach a fraction of the speed of memory, and each of its operations
// costs microseconds. These kernels are one source (decode_kernels_impl.h) that
// is compiled for several instruction sets. decode_kernels() selects among them
// at run time.
//
// A packed matrix [K, N] is cut into tiles of `tile_columns` columns, the last
// one filled with zeros. Within a tile, elements are in the order
//
//   [K / elements_per_word][tile_columns][elements_per_word]
//
// so that one vector contains the same elements of several columns. Rows of x
// are packed into words of 32 bits of one, two or four elements along K. The
// sums of a row are computed in the same order however many rows there are:
// results depend neither on the other rows nor on the number of threads.
//
// Matrices of int8 have a scale per column. Rows that are multiplied with them
// are int8, too, with a scale per group of kGroupSize elements (as Q8_0 of
// llama.cpp), so that an outlier costs precision only in its group.
#pragma once

#include <cstdint>
#include <span>

namespace gato::model {

// The type of the elements of packed matrices and rows. Matrices of int8 store
// 128 more than the element, as uint8.
enum class PackedType : uint8_t { fp32, bf16, int8 };

constexpr int64_t kPackedTypeCount = 3;

constexpr int64_t elements_per_word(PackedType type) {
  return type == PackedType::fp32 ? 1 : type == PackedType::bf16 ? 2 : 4;
}

constexpr int64_t kGroupSize = 64;

// Returns the number of words of n elements, which are padded with zeros: to a
// complete word or, of int8, to a complete group.
constexpr int64_t packed_words(PackedType type, int64_t n) {
  return type == PackedType::fp32 ? n
         : type == PackedType::bf16
             ? (n + 1) / 2
             : (n + kGroupSize - 1) / kGroupSize * (kGroupSize / 4);
}

// A group of int8 elements of a row.
struct RowGroup {
  float scale = 0;     // the value of 1
  int32_t offset = 0;  // -128 times the sum of the elements
};

// y [rows, tile_columns] = x [rows, K] times a tile, all in words of K.
struct TileProduct {
  const uint32_t* x = nullptr;
  int64_t x_stride = 0;  // words from row to row
  int64_t rows = 0;
  int64_t words = 0;  // per row
  const void* tile = nullptr;
  float* y = nullptr;
  int64_t y_stride = 0;
  bool accumulate = false;  // adds to y
  // The distance in bytes from the tile to memory of the same size that will be
  // read soon, and is prefetched meanwhile. Processors by themselves prefetch
  // less far ahead than they compute.
  int64_t prefetch_distance = 16384;
  // int8 only: [rows, words * 4 / kGroupSize], and the scale of each column.
  const RowGroup* row_groups = nullptr;
  const float* column_scales = nullptr;
};

// Attention of one head of one slot: queries of consecutive positions over a
// ring of keys and values. Position p is entry p % ring_size of the ring, whose
// size is a multiple of tile_columns. Scores are as in attention.cc.
struct HeadAttention {
  int64_t key_size = 0;  // K
  int64_t ring_size = 0;
  // The positions of the oldest valid entry and of the first query. The ring
  // contains the keys of all queries.
  int64_t window_begin = 0, first_position = 0;
  int64_t rows = 0;
  const float* queries = nullptr;  // [rows, K], rotated if positions are rotary
  int64_t query_stride = 0;
  // Relative positions only, otherwise null: [K] each, and a packed matrix [K,
  // ring_size] whose column ring_size - 1 - n is W R of the distance n.
  const float* content_bias = nullptr;
  const float* position_bias = nullptr;
  const void* relative_keys = nullptr;
  const void* keys = nullptr;    // packed [K, ring_size]
  const void* values = nullptr;  // packed [ring_size, K]
  // The keys of the ring and of positions that the next call will read, which
  // are prefetched; null if there is none.
  const void* next_keys = nullptr;
  const void* next_relative_keys = nullptr;
  float* output = nullptr;  // [rows, K]
  int64_t output_stride = 0;
  float* scratch = nullptr;  // attention_scratch_size() floats
};

struct DecodeKernels {
  const char* name;
  int64_t tile_columns;
  bool multiplies_bf16;  // in hardware

  // Functions of each PackedType.
  void (*multiply[kPackedTypeCount])(const TileProduct& product);
  // Packs n elements into packed_words() words and, of int8, their groups.
  void (*pack_row[kPackedTypeCount])(const float* x, int64_t n, uint32_t* words,
                                     RowGroup* groups);
  // Null for int8.
  void (*attend[kPackedTypeCount])(const HeadAttention& attention);

  // y = LayerNorm(x), with n elements.
  void (*layer_norm)(const float* x, const float* weight, const float* bias,
                     int64_t n, float* y);
  // y = a * gelu(g), where x = [a, g] has 2n elements.
  void (*geglu)(const float* x, int64_t n, float* y);
  // y += x.
  void (*add)(const float* x, int64_t n, float* y);
};

// Returns the number of floats that HeadAttention::scratch needs.
int64_t attention_scratch_size(int64_t key_size, int64_t ring_size);

// Returns the kernels of all instruction sets that the processor has, the
// fastest last.
std::span<const DecodeKernels* const> supported_decode_kernels();
// Returns the fastest.
const DecodeKernels& decode_kernels();

// The kernels of each instruction set, null on other architectures.
const DecodeKernels* baseline_decode_kernels();
const DecodeKernels* avx2_decode_kernels();
const DecodeKernels* avx512_decode_kernels();
const DecodeKernels* avx512_bf16_decode_kernels();

}  // namespace gato::model
