#include "gato/base/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace gato::base {
namespace {

// Returns the output of SplitMix64 for the state `x` (Steele, Lea & Flood
// 2014): a bijection with full avalanche.
uint64_t splitmix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Mixes a word into the state. Not symmetric, so that (seed 1, word 2) and
// (seed 2, word 1) differ.
uint64_t hash_combine(uint64_t state, uint64_t word) {
  return splitmix64(std::rotl(state, 23) ^ splitmix64(word));
}

double to_unit_interval(uint64_t bits) { return (bits >> 11) * 0x1p-53; }

}  // namespace

uint64_t random_bits(uint64_t seed, std::initializer_list<uint64_t> words) {
  uint64_t state = splitmix64(seed);
  for (uint64_t word : words) {
    state = hash_combine(state, word);
  }
  return state;
}

double random_uniform(uint64_t seed, std::initializer_list<uint64_t> words) {
  return to_unit_interval(random_bits(seed, words));
}

RandomStream::RandomStream(uint64_t seed, std::initializer_list<uint64_t> words)
    : key_(random_bits(seed, words)) {}

uint64_t RandomStream::operator()() { return hash_combine(key_, counter_++); }

double RandomStream::uniform() { return to_unit_interval((*this)()); }

double RandomStream::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

uint64_t RandomStream::uniform_int(uint64_t n) {
  const uint64_t rejection_threshold = max() - max() % n;
  uint64_t bits = (*this)();
  while (bits >= rejection_threshold) {
    bits = (*this)();
  }
  return bits % n;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace gato::base
