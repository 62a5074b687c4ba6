// Functions of rows: packing, layer norm, activation and sum. See
// decode_kernels_impl.h.
#pragma once

#include "gato/model/decode/decode_kernels.h"
#include "gato/model/decode/decode_vectors_impl.h"

namespace gato::model {
namespace {

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

}  // namespace
}  // namespace gato::model
