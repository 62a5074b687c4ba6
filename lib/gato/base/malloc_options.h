// The allocator of the C library, as programs want it that work on one record
// after another.
#pragma once

namespace gato::base {

// Memory that is freed stays with the process for its next record or step:
// given back to the system, it would come back page by page, each filled with
// zeros. The peak stays what it was. For programs; called once.
void disable_malloc_trim();

// The same for threads that work on large tensors: the arenas that glibc gives
// threads have pieces of at most 64 MiB, and what is larger is mapped anew each
// time. From now on all threads share one arena, and wait for each other there:
// not for threads that allocate many small things. Called before there are any.
void limit_malloc_arenas();

}  // namespace gato::base
