// libhdf5 trusts the structures of the files that it reads: a damaged one can
// make it crash, or loop for ever, where it should report an error.
#pragma once

#include <filesystem>

namespace gato {

// From now on a fault within libhdf5 (SIGSEGV, SIGBUS, SIGFPE, SIGABRT) is what
// it means, a damaged file: the process says which file was opened last,
// removes the outputs that it was writing and ends with ExitStatus::bad_input.
// Faults elsewhere are left as they are. A LibraryCall of this thread that
// takes so many seconds of processor time is one too. For programs; called
// once.
void refuse_files_on_library_faults(int most_seconds = 20);

// Lives while libhdf5 reads what may send it into a loop: the heap that holds
// texts and sequences of variable length.
class LibraryCall {
 public:
  LibraryCall();
  ~LibraryCall();
  LibraryCall(const LibraryCall&) = delete;
  LibraryCall& operator=(const LibraryCall&) = delete;
};

// The file that libhdf5 reads from now on.
void note_library_input(const std::filesystem::path& path);

}  // namespace gato
