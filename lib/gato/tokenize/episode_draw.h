// Few episodes out of many, drawn by chance.
#pragma once

#include <cstdint>
#include <vector>

namespace gato {

// `count` of [0, total), drawn from seed and repeat. For one repeat the smaller
// sets lie within the larger ones, as in the paper's few-shot curves (appendix
// E). Error (usage) where count is beyond total.
std::vector<int64_t> draw_episodes(uint64_t seed, int64_t repeat, int64_t total,
                                   int64_t count);

}  // namespace gato
