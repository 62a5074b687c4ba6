// Vectors of the width of the instruction set, and functions of their elements.
// See decode_kernels_impl.h.
#pragma once

#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
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
// Elements of 16 and of 8 bits, one for each element of the vectors above.
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

}  // namespace
}  // namespace gato::model
