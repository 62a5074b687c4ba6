// A library for LD_PRELOAD that imitates limited file systems:
//
//   GATO_TEST_SYMLINK_ERROR=EPERM  links cannot be made, as on CIFS and vfat
//   GATO_TEST_FLOCK_ERROR=ENOLCK   files cannot be locked, as over NFS without
//                                  its lock service; also EOPNOTSUPP or EIO
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace {

// Returns the error that a variable names; 0 if it is not set.
int error_of(const char* variable) {
  const char* const name = std::getenv(variable);
  if (name == nullptr) {
    return 0;
  }
  for (const int code : {EPERM, ENOLCK, EOPNOTSUPP, EIO}) {
    if (std::strcmp(name, strerrorname_np(code)) == 0) {
      return code;
    }
  }
  std::abort();
}

int make_link(const char* target, int directory, const char* path) {
  if (const int error = error_of("GATO_TEST_SYMLINK_ERROR")) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_symlinkat, target, directory, path));
}

}  // namespace

extern "C" int symlink(const char* target, const char* path) {
  return make_link(target, AT_FDCWD, path);
}

extern "C" int symlinkat(const char* target, int directory, const char* path) {
  return make_link(target, directory, path);
}

extern "C" int flock(int descriptor, int operation) {
  if (const int error = error_of("GATO_TEST_FLOCK_ERROR")) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
}
