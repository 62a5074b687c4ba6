#include "gato/model/bernoulli_mask.h"

#include "catch.h"
#include "gato/base/random.h"

namespace gato::model {

TEST_CASE("A mask uses the random numbers of the streams") {
  const double probability = GENERATE(0.0, 0.1, 0.5, 0.999, 1.0);
  std::vector<base::RandomStream> streams = {
      base::RandomStream(7, {1, 2}), base::RandomStream(~uint64_t{0}, {3})};
  const at::Tensor events = bernoulli_mask({streams[0].key(), streams[1].key()},
                                           500, probability, at::kCPU);
  int64_t different = 0;
  for (int64_t row = 0; row < 2; ++row) {
    for (int64_t i = 0; i < 500; ++i) {
      different +=
          events[row][i].item<bool>() != (streams[row].uniform() < probability);
    }
  }
  CHECK(different == 0);
}

}  // namespace gato::model
