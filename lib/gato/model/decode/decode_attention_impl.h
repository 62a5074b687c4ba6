// Attention over a ring. The scores of a block of queries are products of the
// queries with the tiles of keys that are in use, and so are the position
// scores, with the tiles of relative keys. Both have a float per ring entry:
//
//   score of entry e = content[e] + position[e + shift]
//
// because entries and columns of relative keys both ascend with the position of
// the key. The window is up to two such runs of entries, since the ring wraps
// around once at most; each has its own shift. Weights of all other entries
// within the tiles are 0.
//
// See decode_kernels_impl.h.
#pragma once

#include "gato/model/decode/decode_kernels.h"
#include "gato/model/decode/decode_products_impl.h"
#include "gato/model/decode/decode_rows_impl.h"
#include "gato/model/decode/decode_vectors_impl.h"

namespace gato::model {
namespace {

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

}  // namespace
}  // namespace gato::model
