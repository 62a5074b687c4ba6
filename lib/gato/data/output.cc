#include "gato/data/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "gato/base/error.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// Data and metadata of a file, or the entries of a directory, reach the disk.
void sync(const fs::path& path, const fs::path& reported) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw io_error("{}: cannot open: {}", reported.string(),
                   std::strerror(errno));
  }
  const int result = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // File systems without fsync for this kind of file answer EINVAL.
  if (result != 0 && reason != EINVAL) {
    throw io_error("{}: cannot write: {}", reported.string(),
                   std::strerror(reason));
  }
}

void sync_tree(const fs::path& directory, const fs::path& reported) {
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_symlink()) sync(entry.path(), reported);
  }
  sync(directory, reported);
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// "DIR/" means DIR.
fs::path without_slash(fs::path path) {
  while (!path.has_filename() && path.has_parent_path() &&
         path != path.root_path()) {
    path = path.parent_path();
  }
  return path;
}

}  // namespace

void check_output(const fs::path& path, bool force) {
  std::error_code ignored;
  if (!force && fs::exists(fs::symlink_status(path, ignored))) {
    throw usage_error(
        "{} exists: choose another name, or overwrite it with --force",
        path.string());
  }
}

AtomicOutput::AtomicOutput(fs::path path, bool force, Kind kind)
    : path_(without_slash(std::move(path))), kind_(kind), force_(force) {
  if (!path_.has_filename()) {
    throw usage_error("\"{}\" is no name for an output", path_.string());
  }
  check_output(path_, force_);
  std::error_code ignored;
  const bool is_directory = fs::is_directory(path_, ignored);
  if (fs::exists(path_, ignored) &&
      is_directory != (kind_ == Kind::directory)) {
    throw usage_error("{} is {}: choose another name for the output",
                      path_.string(),
                      is_directory ? "a directory" : "no directory");
  }
  const fs::path parent = parent_of(path_);
  if (!fs::is_directory(parent, ignored)) {
    throw io_error("{}: the directory {} does not exist", path_.string(),
                   parent.string());
  }
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {
    throw io_error("{}: cannot write to the directory {}: {}", path_.string(),
                   parent.string(), std::strerror(errno));
  }
  static std::atomic<int> count{0};
  temporary_ = parent / fmt::format(".{}.tmp-{}-{}", path_.filename().string(),
                                    ::getpid(), count++);
  fs::remove_all(temporary_, ignored);  // of a killed process with our number
  if (kind_ == Kind::directory) {
    std::error_code error;
    fs::create_directory(temporary_, error);
    if (error) {
      throw io_error("{}: cannot create: {}", path_.string(), error.message());
    }
  }
}

AtomicOutput::~AtomicOutput() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void AtomicOutput::commit() {
  try {
    if (kind_ == Kind::directory) {
      sync_tree(temporary_, path_);
    } else {
      sync(temporary_, path_);
    }
  } catch (const fs::filesystem_error& error) {
    throw io_error("{}: {}", path_.string(), error.what());
  }
  check_output(path_, force_);  // it may have appeared meanwhile
  // A directory in the way is exchanged in one step, then removed; renaming
  // replaces anything else.
  std::error_code ignored;
  const bool exchange =
      kind_ == Kind::directory && fs::is_directory(path_, ignored);
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(),
                  exchange ? RENAME_EXCHANGE : 0) != 0) {
    throw io_error("{}: cannot rename the finished output: {}", path_.string(),
                   std::strerror(errno));
  }
  committed_ = true;
  if (exchange) fs::remove_all(temporary_, ignored);
  sync(parent_of(path_), path_);
}

void write_file(const fs::path& path, std::string_view content, bool force) {
  AtomicOutput output(path, force);
  {
    std::ofstream stream(output.temporary(), std::ios::binary);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    stream.close();
    if (!stream) {
      throw io_error("{}: cannot write: {}", path.string(),
                     std::strerror(errno));
    }
  }
  output.commit();
}

std::string read_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw io_error("{}: cannot read: it is a directory", path.string());
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  if (stream) content << stream.rdbuf();
  if (!stream || stream.bad()) {
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
  }
  return std::move(content).str();
}

}  // namespace gato
