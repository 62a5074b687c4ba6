#include "gato/base/permutation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

using namespace gato;
using namespace gato::base;

namespace {

std::vector<uint64_t> permutation(uint64_t seed, uint64_t epoch,
                                  uint64_t size) {
  std::vector<uint64_t> values;
  for (uint64_t i = 0; i < size; ++i) {
    values.push_back(permute_index(seed, epoch, size, i));
  }
  return values;
}

}  // namespace

TEST_CASE("A permutation contains every value once") {
  for (uint64_t size : {1, 2, 3, 4, 5, 16, 17, 1000}) {
    for (uint64_t epoch : {0, 1, 5}) {
      auto values = permutation(7, epoch, size);
      std::sort(values.begin(), values.end());
      std::vector<uint64_t> expected(size);
      std::iota(expected.begin(), expected.end(), 0);
      CHECK(values == expected);
    }
  }
}

TEST_CASE("Permutations differ by seed and by epoch") {
  CHECK(permutation(7, 0, 1000) == permutation(7, 0, 1000));
  CHECK(permutation(7, 0, 1000) != permutation(8, 0, 1000));
  CHECK(permutation(7, 0, 1000) != permutation(7, 1, 1000));
}
