// Protection against corrupt HDF5 files. libhdf5 trusts the structures of the
// files that it reads, so a corrupt one can make it crash or loop forever
// instead of reporting an error.
#pragma once

#include <filesystem>

namespace gato::base {

// Treats every later fault within libhdf5 (SIGSEGV, SIGBUS, SIGFPE, SIGABRT) as
// a corrupt file: the process names the file that was opened last, removes the
// outputs that it was writing and exits with ExitStatus::bad_input. If a mapped
// file has been truncated (SIGBUS), it names that file and exits with
// ExitStatus::io. Faults elsewhere are not affected. Does the same if an
// Hdf5CallWatchdog of the calling thread lives for more than `max_seconds` of
// CPU time. Programs call this once.
void install_hdf5_crash_handler(int max_seconds = 20);

// A guard around a call in which a corrupt file may send libhdf5 into an
// endless loop: one that reads the heap of variable-length strings and
// sequences.
class Hdf5CallWatchdog {
 public:
  Hdf5CallWatchdog();
  ~Hdf5CallWatchdog();
  Hdf5CallWatchdog(const Hdf5CallWatchdog&) = delete;
  Hdf5CallWatchdog& operator=(const Hdf5CallWatchdog&) = delete;
};

// Sets the file that a fault in libhdf5 is attributed to.
void set_current_hdf5_file(const std::filesystem::path& path);

}  // namespace gato::base
