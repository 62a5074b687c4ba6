// Settings of the C library's allocator for programs that process one record or
// step after another.
#pragma once

namespace gato::base {

// Keeps freed memory in the process for its next record or step. Memory that is
// returned to the system comes back page by page, and the kernel zeroes each
// page. The peak memory does not change. Programs call this once.
void disable_malloc_trim();

// Makes all threads share one arena, so that large tensors are reused too: the
// heaps of the arenas that glibc gives to threads are limited to 64 MiB, and a
// larger block is mapped again each time. The threads contend for the arena, so
// this does not suit threads that allocate many small blocks. Must be called
// before any thread is started.
void limit_malloc_arenas();

}  // namespace gato::base
