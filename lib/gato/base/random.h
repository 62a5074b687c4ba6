// Counter-based chance: a draw depends only on the words it is keyed by, never
// on what was drawn before, on the thread or on the rank. So any draw can be
// made again alone, and results do not change with the number of threads.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace gato::base {

// 64-bit mix of a seed and up to eight words (SplitMix64 finaliser
// applied word by word). Uniform over all 64-bit values.
uint64_t random_bits(uint64_t seed, std::initializer_list<uint64_t> words);

// Uniform in [0, 1), with 53 random bits.
double random_uniform(uint64_t seed, std::initializer_list<uint64_t> words);

// A stream of draws keyed by a seed and words; draw i is
// random_bits(seed, {words..., i}). Satisfies UniformRandomBitGenerator, but
// pass it to no std:: distribution: their algorithms differ by library.
class RandomStream {
 public:
  using result_type = uint64_t;
  explicit RandomStream(uint64_t seed,
                        std::initializer_list<uint64_t> words = {});
  uint64_t operator()();
  uint64_t key() const { return key_; }            // random_bits(seed, words)
  void seek(uint64_t index) { counter_ = index; }  // the next one
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return ~uint64_t{0}; }

  double uniform();                         // [0, 1)
  double uniform(double low, double high);  // [low, high)
  uint64_t uniform_int(uint64_t n);         // [0, n), unbiased; n > 0
  // Mean 0, variance 1 (Box-Muller), of two draws.
  double normal();

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace gato::base
