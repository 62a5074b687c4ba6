// Exclusive locks on files that their owner may remove.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace gato::base {

struct LockedFile {
  int descriptor = -1;      // open for reading and writing; owned by the caller
  std::error_code failure;  // set if the file system cannot lock it
};

// Opens a file, creates it if it does not exist, and locks it until the
// descriptor is closed. Throws Error(io) if it cannot be created, and
// Error(usage) with the message `in_use` if another process has locked it.
LockedFile open_and_lock(const std::filesystem::path& path,
                         const std::string& in_use);

}  // namespace gato::base
