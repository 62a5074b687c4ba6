// What training draws by chance: the first word of every key, so that no two
// purposes share their draws.
#pragma once

#include <cstdint>

namespace gato {

// DO NOT CHANGE THESE VALUES: a resumed run would draw anew. Sub-layers and
// dropout are drawn in model/, from the same seed, with their own words;
// 0x67610001 is that of base/permutation, 0x67610005 of tokenize/episode_draw,
// 0x67610006 of tokenize/train_vocabulary.
enum class Chance : uint64_t {
  patch_row = 0x67610002,
  patch_column = 0x67610003,
  blank_actions = 0x67610004,
};

}  // namespace gato
