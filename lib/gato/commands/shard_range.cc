#include "gato/commands/shard_range.h"

#include "gato/base/error.h"

namespace gato::commands {

base::Shard::Range nonempty_shard_range(const base::Shard& shard, int64_t total,
                                        const char* items) {
  if (shard.count > total) {
    throw base::usage_error(
        "--shard {}/{}: some shards are empty, because there are only {} {}",
        shard.number, shard.count, total, items);
  }
  return shard.range_of(total);
}

}  // namespace gato::commands
