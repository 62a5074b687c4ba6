// The files that this process has mapped into memory. If one of them is
// truncated meanwhile, or its disk fails, reading it raises SIGBUS, which the
// crash handler reports with the name of the file.
#pragma once

#include <cstddef>
#include <string>

namespace gato::base {

// Keeps a mapping registered. If the registry is full, the mapping is not
// registered, and a fault in it is not attributed to its file.
class RegisteredMapping {
 public:
  RegisteredMapping(const void* address, size_t size, std::string path);
  ~RegisteredMapping();
  RegisteredMapping(const RegisteredMapping&) = delete;
  RegisteredMapping& operator=(const RegisteredMapping&) = delete;

 private:
  std::string path_;
  int slot_ = -1;
};

// Returns the path of the registered mapping that contains the address, or
// null. May be called by a signal handler.
const char* find_mapped_file(const void* address);

}  // namespace gato::base
