// The work of one shard. No shard may be empty.
#pragma once

#include <cstdint>

#include "gato/base/shard.h"

namespace gato::commands {

// Returns the items of a shard, out of `total`. Throws Error(usage), the same
// for every shard, if there are fewer items than shards. `items` names the
// items in the message, such as "sequences".
base::Shard::Range nonempty_shard_range(const base::Shard& shard, int64_t total,
                                        const char* items);

}  // namespace gato::commands
