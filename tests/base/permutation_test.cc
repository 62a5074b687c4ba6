#include "gato/base/permutation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

using namespace gato;
using namespace gato::base;

namespace {

std::vector<uint64_t> all_of(uint64_t seed, uint64_t number, uint64_t size) {
  std::vector<uint64_t> values;
  for (uint64_t i = 0; i < size; ++i) {
    values.push_back(permute_index(seed, number, size, i));
  }
  return values;
}

}  // namespace

TEST_CASE("a permutation holds every value once") {
  for (uint64_t size : {1, 2, 3, 4, 5, 16, 17, 1000}) {
    for (uint64_t number : {0, 1, 5}) {
      auto values = all_of(7, number, size);
      std::sort(values.begin(), values.end());
      std::vector<uint64_t> all(size);
      std::iota(all.begin(), all.end(), 0);
      CHECK(values == all);
    }
  }
}

TEST_CASE("permutations differ by seed and by number") {
  CHECK(all_of(7, 0, 1000) == all_of(7, 0, 1000));
  CHECK(all_of(7, 0, 1000) != all_of(8, 0, 1000));
  CHECK(all_of(7, 0, 1000) != all_of(7, 1, 1000));
}
