// The source of all DecodeKernels. A file that includes it is compiled with the
// options of an instruction set and defines GATO_DECODE_KERNELS, the name of
// the function that returns the kernels, and GATO_DECODE_KERNELS_NAME.
//
// Vectors are those of GCC and Clang, of the width of the instruction set.
// Intrinsics are limited to products of bf16 and of integers, which C++ cannot
// express. Everything is in an unnamed namespace and nothing of the standard
// library is called: an inline function compiled with these options might
// otherwise be linked into code that runs on every processor.
#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "gato/model/decode/decode_kernels.h"

#if defined(__clang__)
#define GATO_UNROLL _Pragma("unroll")
#else
#define GATO_UNROLL _Pragma("GCC unroll 16")
#endif

namespace gato::model {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = kVectorBytes / 4;
constexpr int kTileVectors = 2;
constexpr int kTileColumns = kTileVectors * kLanes;
// Registers limit the rows of a tile that are computed together: their sums,
// kTileVectors per row, must not leave the registers.
constexpr int kRegisters = kVectorBytes == 64 ? 32 : 16;

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef int32_t Ints __attribute__((vector_size(kVectorBytes)));
typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
// As many elements of 16 and of 8 bits as a vector has lanes.
typedef uint16_t Halves __attribute__((vector_size(kVectorBytes / 2)));
typedef int8_t Bytes __attribute__((vector_size(kVectorBytes / 4)));

template <class Vector>
Vector load(const void* memory) {
  Vector vector;
  __builtin_memcpy(&vector, memory, sizeof vector);
  return vector;
}
template <class Vector>
void store(void* memory, const Vector& vector) {
  __builtin_memcpy(memory, &vector, sizeof vector);
}

// Loads `count` lanes, or all if there are not that many; the others are 0.
Floats load_first(const float* memory, int64_t count) {
  if (count >= kLanes) {
    return load<Floats>(memory);
  }
  float lanes[kLanes] = {};
  __builtin_memcpy(lanes, memory, count * sizeof(float));
  return load<Floats>(lanes);
}
// Stores the first `count` lanes, or all if there are not that many. A copy of
// constant size is a single instruction.
template <class Element, class Vector>
void store_first(Element* memory, int64_t count, const Vector& vector) {
  static_assert(sizeof(Vector) == kLanes * sizeof(Element));
  if (count >= kLanes) {
    store(memory, vector);
  } else {
    __builtin_memcpy(memory, &vector, count * sizeof(Element));
  }
}

Floats broadcast(float value) { return Floats{} + value; }

float sum_of(const Floats& vector) {
  float total = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    total += vector[lane];
  }
  return total;
}

Floats max_of(const Floats& a, const Floats& b) { return a > b ? a : b; }

float max_lane(const Floats& vector) {
  float result = vector[0];
  for (int lane = 1; lane < kLanes; ++lane) {
    result = vector[lane] > result ? vector[lane] : result;
  }
  return result;
}

int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }

// 1.5 * 2^23, and its bits. Adding it to a number below 2^22 rounds the number
// to an integer, by which the bits of the sum exceed kRounderBits.
constexpr float kRounder = 12582912.0F;
constexpr int32_t kRounderBits = 0x4b400000;

// Returns e^x for x <= 0, with a relative error below 2e-7; 0 if it is tiny.
// e^x = 2^n e^r, where n is the integer nearest to x / ln 2.
Floats exp_of_nonpositive(const Floats& x) {
  const Floats shifted = x * 1.44269504F + kRounder;
  const Floats n = shifted - kRounder;
  const Floats r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  Floats p = broadcast(1.9875691500e-4F);  // Cephes, expf
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const Ints scaled =
      reinterpret_cast<Ints>(p) + (reinterpret_cast<Ints>(shifted) << 23);
  return x < -87.0F ? Floats{} : reinterpret_cast<Floats>(scaled);
}

// Returns x times the cumulative normal distribution of x (the erf GELU), with
// erf by Abramowitz and Stegun, 7.1.26: the error of erf is below 2e-7.
Floats gelu(const Floats& x) {
  const Floats z = x * 0.70710678F;
  const Floats magnitude = z < 0.0F ? -z : z;
  const Floats t = 1.0F / (magnitude * 0.3275911F + 1.0F);
  Floats p = broadcast(1.061405429F);
  p = p * t - 1.453152027F;
  p = p * t + 1.421413741F;
  p = p * t - 0.284496736F;
  p = p * t + 0.254829592F;
  const Floats tail = p * t * exp_of_nonpositive(-(z * z));  // 1 - erf |z|
  return 0.5F * x * (x < 0.0F ? tail : 2.0F - tail);
}

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

// A single row computes faster than memory can be read, prefetched or not.
template <int rows, int bytes>
void prefetch(const char* memory) {
  if constexpr (rows > 1) {
    for (int offset = 0; offset < bytes; offset += 64) {
      __builtin_prefetch(memory + offset);
    }
  }
}

// Stores the sums of a row, or adds them to what is there.
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

// Rounds to the nearest bf16, ties to even, and returns its bits.
Halves round_to_bf16(const Floats& x) {
#if defined(__AVX512BF16__)
  return reinterpret_cast<Halves>(
      _mm512_cvtneps_pbh(reinterpret_cast<__m512>(x)));
#else
  const Words bits = reinterpret_cast<Words>(x);
  return __builtin_convertvector((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16,
                                 Halves);
#endif
}

void pack_fp32(const float* x, int64_t n, uint32_t* words,
               RowGroup* /*groups*/) {
  __builtin_memcpy(words, x, n * sizeof(float));
}

void pack_bf16(const float* x, int64_t n, uint32_t* words,
               RowGroup* /*groups*/) {
  auto* const halves = reinterpret_cast<uint16_t*>(words);
  for (int64_t i = 0; i < n; i += kLanes) {
    store_first(halves + i, n - i, round_to_bf16(load_first(x + i, n - i)));
  }
  if (n % 2 != 0) {
    halves[n] = 0;
  }
}

// Packs up to kGroupSize elements, padded with zeros, and returns their group.
// A value that is not finite makes the scale NaN.
RowGroup pack_group(const float* x, int64_t n, int8_t* bytes) {
  static_assert(kGroupSize % kLanes == 0);
  Floats largest = {}, zeros = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    const Floats values = load_first(x + i, n - i);
    largest = max_of(largest, values < 0.0F ? -values : values);
    zeros += values * 0.0F;
  }
  const float magnitude = max_lane(largest);
  const float inverse = magnitude > 0 ? 127 / magnitude : 0;
  Ints sums = {};
  for (int64_t i = 0; i < kGroupSize; i += kLanes) {
    const Floats values = i < n ? load_first(x + i, n - i) : Floats{};
    const Ints rounded =
        reinterpret_cast<Ints>(values * inverse + kRounder) - kRounderBits;
    sums += rounded;
    const Bytes narrowed = __builtin_convertvector(rounded, Bytes);
    __builtin_memcpy(bytes + i, &narrowed, sizeof narrowed);
  }
  int32_t total = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    total += sums[lane];
  }
  return {magnitude / 127 + sum_of(zeros), -128 * total};
}

void pack_int8(const float* x, int64_t n, uint32_t* words, RowGroup* groups) {
  auto* bytes = reinterpret_cast<int8_t*>(words);
  for (int64_t i = 0; i < n; i += kGroupSize) {
    *groups++ = pack_group(x + i, min_of(n - i, kGroupSize), bytes + i);
  }
}

void layer_norm(const float* x, const float* weight, const float* bias,
                int64_t n, float* y) {
  constexpr float kEpsilon = 1e-5F;
  Floats total = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    total += load_first(x + i, n - i);
  }
  const float count = static_cast<float>(n);
  const float mean = sum_of(total) / count;
  Floats squares = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    const Floats centered = load_first(x + i, n - i) - mean;
    squares += centered * centered;
  }
  // The last vector has lanes without elements, each of which added mean².
  const int64_t extra = (n + kLanes - 1) / kLanes * kLanes - n;
  const float variance =
      (sum_of(squares) - static_cast<float>(extra) * mean * mean) / count;
  const float scale =
      1 / __builtin_sqrtf((variance > 0 ? variance : 0) + kEpsilon);
  for (int64_t i = 0; i < n; i += kLanes) {
    store_first(y + i, n - i,
                (load_first(x + i, n - i) - mean) * scale *
                        load_first(weight + i, n - i) +
                    load_first(bias + i, n - i));
  }
}

void geglu(const float* x, int64_t n, float* y) {
  for (int64_t i = 0; i < n; i += kLanes) {
    store_first(y + i, n - i,
                load_first(x + i, n - i) * gelu(load_first(x + n + i, n - i)));
  }
}

void add(const float* x, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) {
    y[i] += x[i];
  }
}

// Attention. The scores of a block of queries are products of the queries with
// the tiles of keys that are in use, and so are the position scores, with the
// tiles of relative keys. Both have a float per ring entry:
//
//   score of entry e = content[e] + position[e + shift]
//
// because entries and columns of relative keys both ascend with the position of
// the key. The window is up to two such runs of entries, since the ring wraps
// around once at most; each has its own shift. Weights of all other entries
// within the tiles are 0.

// A range of ring entries, and the shift of their position scores.
struct EntryRun {
  int64_t begin = 0, end = 0, shift = 0;
};

struct TwoRuns {
  EntryRun runs[2];
};

// Returns the runs of the positions from window_begin to `position`.
TwoRuns entry_runs(const HeadAttention& attention, int64_t position) {
  const int64_t ring = attention.ring_size;
  const int64_t entry = attention.window_begin % ring;
  const int64_t end = entry + position - attention.window_begin + 1;
  const int64_t shift = ring - 1 - (position - attention.window_begin) - entry;
  return {{{entry, min_of(end, ring), shift},
           {0, end > ring ? end - ring : 0, shift + ring}}};
}

// Extends the runs to complete tiles, as one run if they have a tile in common.
TwoRuns tile_runs(const HeadAttention& attention, int64_t last_position) {
  TwoRuns tiles = entry_runs(attention, last_position);
  for (EntryRun& run : tiles.runs) {
    run.begin = run.begin / kTileColumns * kTileColumns;
    run.end = (run.end + kTileColumns - 1) / kTileColumns * kTileColumns;
  }
  if (tiles.runs[1].end > tiles.runs[0].begin) {
    tiles.runs[0].begin = 0;
    tiles.runs[1] = {};
  }
  return tiles;
}

// The intermediate results of a block of queries.
struct AttentionScratch {
  int64_t query_words = 0, value_columns = 0;
  int64_t position_stride = 0;
  uint32_t* queries = nullptr;  // [rows, query_words]
  float* content = nullptr;     // [rows, ring_size]; then the weights
  float* positions = nullptr;   // [rows, position_stride]
  float* row = nullptr;         // [max(ring_size, key_size)]
  float* values = nullptr;      // [rows, value_columns]

  AttentionScratch(const HeadAttention& attention, int64_t rows) {
    const int64_t key_size = attention.key_size, ring = attention.ring_size;
    query_words = key_size;
    value_columns = (key_size + kTileColumns - 1) / kTileColumns * kTileColumns;
    // Vectors at the ends of runs reach beyond the columns.
    position_stride = ring + 2 * kTileColumns;
    float* next = attention.scratch;
    const auto take = [&next](int64_t size) {
      float* const begin = next;
      next += size;
      return begin;
    };
    queries = reinterpret_cast<uint32_t*>(take(rows * query_words));
    content = take(rows * ring);
    positions = take(rows * position_stride);
    row = take(ring > key_size ? ring : key_size);
    values = take(rows * value_columns);
  }
};

template <class Product>
constexpr int64_t kElementsPerWord = 2;
template <>
constexpr int64_t kElementsPerWord<Fp32Product> = 1;

template <class Product>
void pack(const float* x, int64_t n, uint32_t* words) {
  if constexpr (kElementsPerWord<Product> == 1) {
    pack_fp32(x, n, words, nullptr);
  } else {
    pack_bf16(x, n, words, nullptr);
  }
}

template <class Product>
constexpr int64_t word_count(int64_t elements) {
  return (elements + kElementsPerWord<Product> - 1) / kElementsPerWord<Product>;
}

// Returns the bytes of a tile of K elements per column.
template <class Product>
constexpr int64_t tile_bytes(int64_t elements) {
  return word_count<Product>(elements) * kTileVectors * kVectorBytes;
}

// Packs (query + bias) / sqrt(K) of `rows` queries.
template <class Product>
void pack_queries(const HeadAttention& attention, const float* bias,
                  int64_t first, int64_t rows,
                  const AttentionScratch& scratch) {
  const int64_t n = attention.key_size;
  const float scale = 1 / __builtin_sqrtf(static_cast<float>(n));
  for (int64_t row = 0; row < rows; ++row) {
    const float* const query =
        attention.queries + (first + row) * attention.query_stride;
    for (int64_t i = 0; i < n; i += kLanes) {
      Floats x = load_first(query + i, n - i);
      if (bias != nullptr) {
        x += load_first(bias + i, n - i);
      }
      store_first(scratch.row + i, n - i, x * scale);
    }
    pack<Product>(scratch.row, n, scratch.queries + row * scratch.query_words);
  }
}

// Returns the distance from entry `from_entry` of one ring to `to_entry` of
// another, or the default if there is none or the layouts of keys and values
// differ, because K exceeds a tile.
template <class Product>
int64_t prefetch_distance(const HeadAttention& attention, const void* from,
                          int64_t from_entry, const void* to,
                          int64_t to_entry) {
  if (to == nullptr || attention.key_size > kTileColumns) {
    return TileProduct().prefetch_distance;
  }
  const int64_t entry_bytes =
      tile_bytes<Product>(attention.key_size) / kTileColumns;
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) -
                              reinterpret_cast<uintptr_t>(from)) +
         (to_entry - from_entry) * entry_bytes;
}

// Multiplies the packed queries with columns [begin, end) of a packed matrix
// [K, ring_size], which are complete tiles.
template <class Product>
void multiply_queries(const HeadAttention& attention, int64_t rows,
                      const void* matrix, int64_t begin, int64_t end,
                      int64_t prefetch_distance,
                      const AttentionScratch& scratch, float* y,
                      int64_t y_stride) {
  const int64_t bytes = tile_bytes<Product>(attention.key_size);
  TileProduct product;
  product.x = scratch.queries;
  product.x_stride = scratch.query_words;
  product.rows = rows;
  product.words = word_count<Product>(attention.key_size);
  product.y_stride = y_stride;
  product.prefetch_distance = prefetch_distance;
  for (int64_t column = begin; column < end; column += kTileColumns) {
    product.tile =
        static_cast<const char*>(matrix) + column / kTileColumns * bytes;
    product.y = y + column;
    multiply_rows<Product>(product, 0, rows);
  }
}

// Replaces the content scores of a row by packed weights, exp(score - largest),
// in all tiles, and returns their sum.
template <class Product>
float softmax_row(const HeadAttention& attention, int64_t position,
                  const TwoRuns& tiles, const float* positions, float* row,
                  float* content) {
  Ints lanes;
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = lane;
  }
  const Floats hidden = broadcast(-__builtin_inff());
  for (const EntryRun& run : tiles.runs) {
    for (int64_t e = run.begin; e < run.end; e += kLanes) {
      store(row + e, hidden);
    }
  }
  Floats largest = hidden;
  for (const EntryRun& run : entry_runs(attention, position).runs) {
    for (int64_t e = run.begin / kLanes * kLanes; e < run.end; e += kLanes) {
      Floats score = load<Floats>(content + e);
      if (positions != nullptr) {
        score += load<Floats>(positions + e + run.shift);
      }
      const Ints entries = lanes + static_cast<int32_t>(e);
      const Ints is_valid = (entries >= static_cast<int32_t>(run.begin)) &
                            (entries < static_cast<int32_t>(run.end));
      score = is_valid ? score : load<Floats>(row + e);
      largest = max_of(largest, score);
      store(row + e, score);
    }
  }
  const Floats maximum = broadcast(max_lane(largest));
  Floats total = {};
  auto* const words = reinterpret_cast<uint32_t*>(content);
  for (const EntryRun& run : tiles.runs) {
    for (int64_t e = run.begin; e < run.end; e += kLanes) {
      const Floats weights =
          exp_of_nonpositive(load<Floats>(row + e) - maximum);
      total += weights;
      if constexpr (kElementsPerWord<Product> == 1) {
        store(words + e, weights);
      } else {
        store(reinterpret_cast<uint16_t*>(words) + e, round_to_bf16(weights));
      }
    }
  }
  return sum_of(total);
}

// Sets scratch.values to the weighted sums of the values.
template <class Product>
void multiply_values(const HeadAttention& attention, int64_t rows,
                     const TwoRuns& tiles, int64_t prefetch_distance,
                     const AttentionScratch& scratch) {
  const int64_t bytes = tile_bytes<Product>(attention.ring_size);
  TileProduct product;
  product.x_stride = attention.ring_size;
  product.rows = rows;
  product.y_stride = scratch.value_columns;
  product.prefetch_distance = prefetch_distance;
  for (int64_t column = 0; column < scratch.value_columns;
       column += kTileColumns) {
    product.y = scratch.values + column;
    product.accumulate = false;
    for (const EntryRun& run : tiles.runs) {
      if (run.begin == run.end) {
        continue;
      }
      product.words = (run.end - run.begin) / kElementsPerWord<Product>;
      product.x = reinterpret_cast<const uint32_t*>(scratch.content) +
                  run.begin / kElementsPerWord<Product>;
      product.tile = static_cast<const char*>(attention.values) +
                     column / kTileColumns * bytes +
                     tile_bytes<Product>(run.begin);
      multiply_rows<Product>(product, 0, rows);
      product.accumulate = true;
    }
  }
}

template <class Product>
void attend_block(const HeadAttention& attention, int64_t first, int64_t rows) {
  const AttentionScratch scratch(attention, rows);
  const int64_t ring = attention.ring_size;
  const int64_t first_position = attention.first_position + first;
  const int64_t last_position = first_position + rows - 1;
  const TwoRuns tiles = tile_runs(attention, last_position);
  // The first tile of relative keys in use, of the largest distance.
  const int64_t farthest =
      (ring - 1 - (last_position - attention.window_begin)) / kTileColumns *
      kTileColumns;
  const bool is_relative = attention.relative_keys != nullptr;
  // Each of the products prefetches what the next one reads.
  const int64_t first_entry = tiles.runs[0].begin;
  const auto distance = [&](const void* from, int64_t from_entry,
                            const void* to, int64_t to_entry) {
    return prefetch_distance<Product>(attention, from, from_entry, to,
                                      to_entry);
  };
  pack_queries<Product>(attention, attention.content_bias, first, rows,
                        scratch);
  for (const EntryRun& run : tiles.runs) {
    multiply_queries<Product>(attention, rows, attention.keys, run.begin,
                              run.end,
                              distance(attention.keys, 0, attention.values, 0),
                              scratch, scratch.content, ring);
  }
  float* const positions = scratch.positions + kTileColumns;
  if (is_relative) {
    pack_queries<Product>(attention, attention.position_bias, first, rows,
                          scratch);
    multiply_queries<Product>(attention, rows, attention.relative_keys,
                              farthest, ring,
                              distance(attention.relative_keys, farthest,
                                       attention.next_keys, first_entry),
                              scratch, positions, scratch.position_stride);
  }
  float totals[Product::kMaxRows];
  for (int64_t row = 0; row < rows; ++row) {
    totals[row] = softmax_row<Product>(
        attention, first_position + row, tiles,
        is_relative ? positions + row * scratch.position_stride : nullptr,
        scratch.row, scratch.content + row * ring);
  }
  multiply_values<Product>(
      attention, rows, tiles,
      is_relative ? distance(attention.values, first_entry,
                             attention.next_relative_keys, farthest)
                  : distance(attention.values, 0, attention.next_keys, 0),
      scratch);
  for (int64_t row = 0; row < rows; ++row) {
    const float* const values = scratch.values + row * scratch.value_columns;
    float* const output =
        attention.output + (first + row) * attention.output_stride;
    for (int64_t i = 0; i < attention.key_size; ++i) {
      output[i] = values[i] / totals[row];
    }
  }
}

template <class Product>
void attend(const HeadAttention& attention) {
  for_each_block(attention.rows, Product::kMaxRows,
                 [&](int64_t begin, int64_t size) {
                   attend_block<Product>(attention, begin, size);
                 });
}

#if defined(__AVX512BF16__)
constexpr bool kMultipliesBf16 = true;
#else
constexpr bool kMultipliesBf16 = false;
#endif

constexpr DecodeKernels kKernels = {
    GATO_DECODE_KERNELS_NAME,
    kTileColumns,
    kMultipliesBf16,
    {multiply<Fp32Product>, multiply<Bf16Product>, multiply<Int8Product>},
    {pack_fp32, pack_bf16, pack_int8},
    {attend<Fp32Product>, attend<Bf16Product>, nullptr},
    layer_norm,
    geglu,
    add};

}  // namespace

const DecodeKernels* GATO_DECODE_KERNELS() { return &kKernels; }

}  // namespace gato::model
