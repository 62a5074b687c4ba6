#include "gato/commands/shard_range.h"

#include "gato/base/error.h"

namespace gato::commands {

base::Shard::Range nonempty_shard_range(const base::Shard& shard, int64_t total,
                                        const char* items) {
  const base::Shard::Range range = shard.range_of(total);
  if (range.size() == 0) {
    throw base::usage_error(
        "--shard {}/{}: this shard is empty, because there are only {} {}",
        shard.number, shard.count, total, items);
  }
  return range;
}

}  // namespace gato::commands
