#include "gato/train/input/epoch_order.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "catch.h"

using namespace gato;
using namespace gato::train;

namespace {

std::vector<uint64_t> read_epoch(const EpochOrder& order, uint64_t epoch,
                                 uint64_t rows) {
  std::vector<uint64_t> read(rows);
  for (uint64_t i = 0; i < rows; ++i) {
    read[i] = order.row(epoch * rows + i);
  }
  return read;
}

}  // namespace

TEST_CASE("Every epoch reads every row once") {
  for (uint64_t rows : {1, 2, 3, 4, 5, 16, 17, 1000}) {
    const EpochOrder order(7, rows);
    for (uint64_t epoch : {0, 1, 5}) {
      auto read = read_epoch(order, epoch, rows);
      std::sort(read.begin(), read.end());
      std::vector<uint64_t> all(rows);
      std::iota(all.begin(), all.end(), 0);
      CHECK(read == all);
    }
  }
}

TEST_CASE(
    "Different epochs and seeds give different orders, equal seeds the same") {
  const EpochOrder order(7, 1000), same(7, 1000), other(8, 1000);
  CHECK(read_epoch(order, 0, 1000) == read_epoch(same, 0, 1000));
  CHECK(read_epoch(order, 0, 1000) != read_epoch(order, 1, 1000));
  CHECK(read_epoch(order, 0, 1000) != read_epoch(other, 0, 1000));
}

TEST_CASE("The first half of an epoch is spread over all rows") {
  const uint64_t rows = 10000;
  const auto read = read_epoch(EpochOrder(3, rows), 0, rows);
  double sum = 0;
  for (uint64_t i = 0; i < rows / 2; ++i) {
    sum += static_cast<double>(read[i]);
  }
  CHECK(sum / (rows / 2) == Approx(rows / 2).epsilon(0.02));
}
