#include "gato/model/bernoulli_mask.h"

#include <bit>
#include <cmath>
#include <iterator>

namespace gato::model {
namespace {

constexpr int64_t as_int64(uint64_t bits) {
  return std::bit_cast<int64_t>(bits);
}

// Tensors have no unsigned 64-bit arithmetic. Sums and products have the same
// bits in int64, but a right shift fills with the sign, which is masked here.
at::Tensor logical_right_shift(const at::Tensor& x, int64_t bits) {
  return at::bitwise_right_shift(x, bits).bitwise_and_(
      (int64_t{1} << (64 - bits)) - 1);
}

// The finalizer of SplitMix64 (Steele et al. 2014), as in base/random.cc.
at::Tensor splitmix64(at::Tensor x) {
  x = x + as_int64(0x9e3779b97f4a7c15);
  x = at::bitwise_xor(x, logical_right_shift(x, 30))
          .mul_(as_int64(0xbf58476d1ce4e5b9));
  x = at::bitwise_xor(x, logical_right_shift(x, 27))
          .mul_(as_int64(0x94d049bb133111eb));
  return at::bitwise_xor(x, logical_right_shift(x, 31));
}

}  // namespace

at::Tensor bernoulli_mask(const std::vector<uint64_t>& keys, int64_t n,
                          double probability, at::Device device) {
  // Number i of a stream is splitmix64(rotl(key, 23) ^ splitmix64(i)).
  at::Tensor rotated_keys = at::empty({std::ssize(keys), 1}, at::kLong);
  for (size_t i = 0; i < keys.size(); ++i) {
    rotated_keys.data_ptr<int64_t>()[i] = as_int64(std::rotl(keys[i], 23));
  }
  const at::Tensor counters =
      splitmix64(at::arange(n, at::TensorOptions(at::kLong).device(device)));
  const at::Tensor bits = splitmix64(at::bitwise_xor(
      rotated_keys.to(device, /*non_blocking=*/true), counters));
  // uniform() is the upper 53 bits x 2^-53; comparing integers avoids doubles.
  return logical_right_shift(bits, 11).lt(
      static_cast<int64_t>(std::ceil(probability * 0x1p53)));
}

}  // namespace gato::model
