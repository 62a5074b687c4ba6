#include "gato/data/hdf5/hdf5_errors.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "gato/data/hdf5/hdf5.h"

namespace gato::data::hdf5 {
namespace {

// Messages such as "bad version number for datatype message". A writer with
// libver='latest' stores types and layouts that older libraries do not know.
bool is_about_version(const std::string& message) {
  return message.find("version") != std::string::npos;
}

std::string library_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace

base::Error open_error(const std::string& label) {
  const std::string message = last_error_message();
  if (is_about_version(message)) {
    return base::input_error(
        "{}: written for a newer HDF5 than libhdf5 {} ({}): write it again for "
        "HDF5 1.10 with share/gato/convert/older_hdf5.py OLD NEW, which needs "
        "the h5py that wrote it or a newer one; if it could be read before, it "
        "is corrupt",
        label, library_version(), message);
  }
  return base::input_error(
      "{}: corrupt or truncated ({}): create it again or download it again",
      label, message);
}

base::Error file_open_error(const std::filesystem::path& path) {
  std::string message;
  const auto find = [](unsigned, const H5E_error2_t* entry, void* into) {
    if (entry->desc != nullptr) {
      *static_cast<std::string*>(into) += entry->desc;
    }
    return herr_t{0};
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find, &message);
  if (message.find("already open for write") != std::string::npos) {
    H5Eclear2(H5E_DEFAULT);
    return base::io_error(
        "{}: in use: another process is writing it, or was killed while "
        "writing it: wait for the writer to close it; if there is none, run "
        "'h5clear -s' on the file",
        path.string());
  }
  return open_error(path.string());
}

void check_not_in_use(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return;  // opening the file reports why
  }
  // libhdf5 locks a file that is open for writing exclusively. Any other reason
  // means that the file system does not support locks.
  const bool is_locked =
      ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  if (is_locked) {
    throw base::io_error(
        "{}: in use: another process is writing it: wait for the writer to "
        "close it",
        path.string());
  }
}

}  // namespace gato::data::hdf5
