// Counter-based random numbers: a number depends only on the words that key it,
// never on earlier numbers, the thread or the rank. Any number can therefore be
// computed again by itself, and results do not change with the number of
// threads.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace gato::base {

// Returns a 64-bit hash of a seed and a few words (the SplitMix64 finalizer is
// applied word by word). Uniform over all 64-bit values.
uint64_t random_bits(uint64_t seed, std::initializer_list<uint64_t> words);

// Returns a number that is uniform in [0, 1), with 53 random bits.
double random_uniform(uint64_t seed, std::initializer_list<uint64_t> words);

// A stream of random numbers that is keyed by a seed and words. Number i is
// random_bits(seed, {words..., i}). Satisfies UniformRandomBitGenerator, but
// must not be passed to a std:: distribution, because their algorithms differ
// between standard libraries.
class RandomStream {
 public:
  using result_type = uint64_t;
  explicit RandomStream(uint64_t seed,
                        std::initializer_list<uint64_t> words = {});
  uint64_t operator()();
  uint64_t key() const { return key_; }            // random_bits(seed, words)
  void seek(uint64_t index) { counter_ = index; }  // of the next number
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return ~uint64_t{0}; }

  double uniform();                         // [0, 1)
  double uniform(double low, double high);  // [low, high)
  uint64_t uniform_int(uint64_t n);         // [0, n), unbiased; n > 0
  // Returns a standard normal number (Box & Muller 1958). Consumes two numbers
  // of the stream.
  double normal();

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace gato::base
