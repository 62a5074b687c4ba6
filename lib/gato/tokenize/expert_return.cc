#include "gato/tokenize/expert_return.h"

#include <algorithm>
#include <numeric>

namespace gato {

int64_t expert_window(int64_t episodes) {
  return std::clamp<int64_t>(episodes / 10, 1, 1000);
}

double expert_return(const std::vector<double>& returns) {
  const int64_t window = expert_window(static_cast<int64_t>(returns.size()));
  // Summed anew for each window: a running sum would gather rounding errors.
  double best = 0;
  for (auto first = returns.begin(); returns.end() - first >= window; ++first) {
    const double mean = std::accumulate(first, first + window, 0.0) /
                        static_cast<double>(window);
    if (first == returns.begin() || mean > best) best = mean;
  }
  return best;
}

}  // namespace gato
