#include "gato/base/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace gato {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a bijection with full avalanche.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Not symmetric: (seed 1, word 2) and (seed 2, word 1) differ.
uint64_t combine(uint64_t state, uint64_t word) {
  return mix(std::rotl(state, 23) ^ mix(word));
}

double to_unit(uint64_t bits) { return (bits >> 11) * 0x1p-53; }

}  // namespace

uint64_t random_bits(uint64_t seed, std::initializer_list<uint64_t> words) {
  uint64_t state = mix(seed);
  for (uint64_t word : words) state = combine(state, word);
  return state;
}

double random_uniform(uint64_t seed, std::initializer_list<uint64_t> words) {
  return to_unit(random_bits(seed, words));
}

RandomStream::RandomStream(uint64_t seed, std::initializer_list<uint64_t> words)
    : key_(random_bits(seed, words)) {}

uint64_t RandomStream::operator()() { return combine(key_, counter_++); }

double RandomStream::uniform() { return to_unit((*this)()); }

double RandomStream::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

uint64_t RandomStream::below(uint64_t n) {
  const uint64_t reject_from = max() - max() % n;
  uint64_t bits = (*this)();
  while (bits >= reject_from) bits = (*this)();
  return bits % n;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace gato
