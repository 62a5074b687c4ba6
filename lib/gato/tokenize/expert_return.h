// Which episodes are good enough to learn from (paper, section 4.1 and
// appendix on data): those near the return that an expert reached.
#pragma once

#include <cstdint>
#include <vector>

namespace gato {

// W = max(1, floor(min(1000, N / 10))).
int64_t expert_window(int64_t episodes);

// The highest mean return of W consecutive episodes, in the order in which they
// were collected. `returns` is not empty and holds no NaN.
double expert_return(const std::vector<double>& returns);

}  // namespace gato
