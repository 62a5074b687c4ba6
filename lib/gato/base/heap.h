// The allocator of the C library, as programs want it that work on one record
// after another.
#pragma once

namespace gato {

// Memory that is freed stays with the process for its next record or step:
// given back to the system, it would come back page by page, each filled with
// zeros. The peak stays what it was. For programs; called once.
void keep_freed_memory();

}  // namespace gato
