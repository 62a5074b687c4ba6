// Division of work among several jobs.
#pragma once

#include <cstdint>
#include <string>

namespace gato::base {

// One of `count` nearly equal parts of some work. `number` counts from 1.
struct Shard {
  int64_t number = 1, count = 1;

  struct Range {
    int64_t first, last;  // [first, last)
    int64_t size() const { return last - first; }
  };
  // Returns the items of this shard, out of `total`. The shards are contiguous
  // and in order, and their sizes differ by at most one.
  Range range_of(int64_t total) const;
};

// Parses "I/N" with 1 <= I <= N. Throws Error(usage) for anything else.
Shard parse_shard(const std::string& text);

}  // namespace gato::base
