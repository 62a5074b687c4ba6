// Work that several jobs share.
#pragma once

#include <cstdint>
#include <string>

namespace gato::base {

// The `number`th of `count` equal parts of something, counted from 1.
struct Shard {
  int64_t number = 1, count = 1;

  struct Range {
    int64_t first, last;  // [first, last)
    int64_t size() const { return last - first; }
  };
  // Its items of `total`: the parts follow one another, and their sizes differ
  // by one at most.
  Range range_of(int64_t total) const;
};

// "I/N" with 1 <= I <= N. Error (usage) for anything else.
Shard parse_shard(const std::string& text);

}  // namespace gato::base
