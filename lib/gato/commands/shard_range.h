// The work of one shard, which must not be empty.
#pragma once

#include <cstdint>

#include "gato/base/shard.h"

namespace gato::commands {

// Returns the items of a shard, out of `total`. Throws Error(usage) if there
// are none. `items` names the items in the message, such as "sequences".
base::Shard::Range nonempty_shard_range(const base::Shard& shard, int64_t total,
                                        const char* items);

}  // namespace gato::commands
