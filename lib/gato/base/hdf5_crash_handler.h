// libhdf5 trusts the structures of the files that it reads: a damaged one can
// make it crash, or loop for ever, where it should report an error.
#pragma once

#include <filesystem>

namespace gato::base {

// From now on a fault within libhdf5 (SIGSEGV, SIGBUS, SIGFPE, SIGABRT) is what
// it means, a damaged file: the process says which file was opened last,
// removes the outputs that it was writing and ends with ExitStatus::bad_input.
// Faults elsewhere are left as they are. A Hdf5CallWatchdog of this thread that
// takes so many seconds of processor time is one too. For programs; called
// once.
void install_hdf5_crash_handler(int max_seconds = 20);

// Lives while libhdf5 reads what may send it into a loop: the heap that holds
// texts and sequences of variable length.
class Hdf5CallWatchdog {
 public:
  Hdf5CallWatchdog();
  ~Hdf5CallWatchdog();
  Hdf5CallWatchdog(const Hdf5CallWatchdog&) = delete;
  Hdf5CallWatchdog& operator=(const Hdf5CallWatchdog&) = delete;
};

// The file that libhdf5 reads from now on.
void set_current_hdf5_file(const std::filesystem::path& path);

}  // namespace gato::base
