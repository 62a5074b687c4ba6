// A library for LD_PRELOAD, under which symbolic links cannot be made, as on
// CIFS and vfat.
#include <cerrno>

extern "C" int symlink(const char* /*target*/, const char* /*path*/) {
  errno = EPERM;
  return -1;
}

extern "C" int symlinkat(const char* /*target*/, int /*directory*/,
                         const char* /*path*/) {
  errno = EPERM;
  return -1;
}
