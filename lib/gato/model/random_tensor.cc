#include "gato/model/random_tensor.h"

#include <bit>
#include <cmath>

namespace gato {
namespace {

constexpr int64_t word(uint64_t bits) { return std::bit_cast<int64_t>(bits); }

// Tensors have no unsigned 64-bit arithmetic: products and sums are the same
// in int64, a shift to the right fills with the sign, which is cut off.
at::Tensor shifted(const at::Tensor& x, int64_t bits) {
  return at::bitwise_right_shift(x, bits).bitwise_and_(
      (int64_t{1} << (64 - bits)) - 1);
}

// mix() of base/random.cc.
at::Tensor mix(at::Tensor x) {
  x = x + word(0x9e3779b97f4a7c15);
  x = at::bitwise_xor(x, shifted(x, 30)).mul_(word(0xbf58476d1ce4e5b9));
  x = at::bitwise_xor(x, shifted(x, 27)).mul_(word(0x94d049bb133111eb));
  return at::bitwise_xor(x, shifted(x, 31));
}

}  // namespace

at::Tensor random_events(const std::vector<uint64_t>& keys, int64_t n,
                         double probability, at::Device device) {
  at::Tensor rotated = at::empty({int64_t(keys.size()), 1}, at::kLong);
  for (size_t i = 0; i < keys.size(); ++i) {
    rotated.data_ptr<int64_t>()[i] = word(std::rotl(keys[i], 23));
  }
  const at::Tensor counters =
      mix(at::arange(n, at::TensorOptions(at::kLong).device(device)));
  const at::Tensor bits =
      mix(at::bitwise_xor(rotated.to(device, /*non_blocking=*/true), counters));
  return shifted(bits, 11).lt(int64_t(std::ceil(probability * 0x1p53)));
}

}  // namespace gato
