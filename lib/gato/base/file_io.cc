// An output is written under the name ".<name>.tmp-<host>-<pid>-<n>" next to
// its final path, so that both are on one file system and rename(2) is atomic.
// commit() calls fsync on the content, renames it, and then calls fsync on the
// parent directory, which makes the rename itself durable. A directory that
// already exists cannot be replaced by a plain rename: the two are exchanged
// (RENAME_EXCHANGE) and the old one is removed.
//
// Temporary files are removed in three ways: by the destructor; by
// remove_temporary_files() in a signal handler, which reads the lock-free array
// registered_temporary_files; and, after a process was killed, by the next
// output of the same name, if the process in the temporary name no longer
// exists on this host.
#include "gato/base/file_io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

#include "gato/base/error.h"
#include "gato/base/pointer_file.h"

namespace gato::base {
namespace {

namespace fs = std::filesystem;

// Flushes the data and metadata of a file, or the entries of a directory, to
// the disk. Messages name `reported`.
void fsync_path(const fs::path& path, const fs::path& reported) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw io_error("{}: cannot open: {}", reported.string(),
                   std::strerror(errno));
  }
  const int result = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // File systems that do not support fsync for this kind of file return EINVAL.
  if (result != 0 && reason != EINVAL) {
    throw io_error("{}: cannot write: {}", reported.string(),
                   std::strerror(reason));
  }
}

void fsync_tree(const fs::path& directory, const fs::path& reported) {
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_symlink()) {
      fsync_path(entry.path(), reported);
    }
  }
  fsync_path(directory, reported);
}

fs::path parent_directory(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Returns "DIR" for "DIR/".
fs::path strip_trailing_slashes(fs::path path) {
  while (!path.has_filename() && path.has_parent_path() &&
         path != path.root_path()) {
    path = path.parent_path();
  }
  return path;
}

constexpr const char* kTemporaryInfix = ".tmp-";

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// Returns the beginning of the temporary names of an output. Long names are
// truncated, because file systems allow 255 bytes.
std::string temporary_prefix(const fs::path& path) {
  constexpr size_t kMaxNameBytes = 255, kMaxNumberBytes = 24;
  const std::string host = host_name();
  const size_t reserved = 1 + std::string_view(kTemporaryInfix).size() +
                          host.size() + kMaxNumberBytes;
  return fmt::format(".{}{}",
                     path.filename().string().substr(
                         0, kMaxNameBytes - std::min(reserved, kMaxNameBytes)),
                     kTemporaryInfix);
}

fs::path make_temporary_name(const fs::path& path) {
  static std::atomic<int> count{0};
  return fmt::format("{}{}-{}-{}", temporary_prefix(path), host_name(),
                     ::getpid(), count++);
}

// Returns whether the process that created a temporary file no longer exists.
// `owner` is the end of the temporary name: "host-pid-n". Always false for a
// process of another host.
bool is_owner_dead(const std::string& owner) {
  const std::string host = host_name() + "-";
  if (!owner.starts_with(host)) {
    return false;
  }
  const pid_t process = std::atoi(owner.c_str() + host.size());
  return process > 0 && ::kill(process, 0) != 0 && errno == ESRCH;
}

// Removes what killed processes left behind while they were writing `path`.
void remove_stale_temporaries(const fs::path& path) {
  std::error_code ignored;
  const std::string prefix = temporary_prefix(path);
  for (const auto& entry :
       fs::directory_iterator(parent_directory(path), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && is_owner_dead(name.substr(prefix.size()))) {
      fs::remove_all(entry.path(), ignored);
    }
  }
}

// The paths of the outputs that are being written, for a signal handler. An
// output that finds no free slot is only removed by its destructor.
std::array<std::atomic<const char*>, 16> registered_temporary_files{};

void replace_registered_file(const char* from, const char* to) {
  for (auto& name : registered_temporary_files) {
    const char* expected = from;
    if (name.compare_exchange_strong(expected, to)) {
      return;
    }
  }
}

// Returns the target of `path` if it is a symbolic link, otherwise `path`.
// Throws Error(usage) if renaming cannot replace it.
fs::path resolve_replaceable_path(const fs::path& path) {
  check_not_dangling_symlink(path);
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::is_regular_file(status) && !fs::is_directory(status)) {
    throw usage_error(
        "{} is a device, a pipe or a socket: outputs are renamed into place, "
        "so name a regular file",
        path.string());
  }
  return fs::is_symlink(fs::symlink_status(path)) ? fs::canonical(path) : path;
}

}  // namespace

void remove_temporary_files() {
  for (const auto& name : registered_temporary_files) {
    if (const char* file = name.load()) {
      ::unlink(file);
    }
  }
}

void check_not_dangling_symlink(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_symlink(fs::symlink_status(path, ignored)) &&
      !fs::exists(path, ignored)) {
    throw usage_error("{} is a dangling symbolic link: name the output itself",
                      path.string());
  }
}

void check_output(const fs::path& given, bool force) {
  if (given == "-") {
    throw usage_error(
        "- is not a valid output: outputs are renamed into place, so they "
        "cannot go to standard output (use ./- for a file named -)");
  }
  const fs::path path = strip_trailing_slashes(given);
  std::error_code ignored;
  const fs::path name = path.filename();
  if (name.empty() || name == "." || name == "..") {
    throw usage_error("\"{}\" is not a valid name for an output",
                      given.string());
  }
  if (fs::exists(fs::symlink_status(path, ignored))) {
    resolve_replaceable_path(path);
    if (!force) {
      throw usage_error("{} exists; --force replaces it", path.string());
    }
  }
  const fs::path parent = parent_directory(path);
  if (!fs::is_directory(parent, ignored)) {
    throw fs::exists(parent, ignored)
        ? io_error("{}: {} is not a directory", path.string(), parent.string())
        : io_error("{}: the directory {} does not exist", path.string(),
                   parent.string());
  }
}

std::optional<std::string> final_output_name(const std::string& name) {
  const size_t end = name.rfind(kTemporaryInfix);
  if (!name.starts_with('.') || end == std::string::npos || end < 2) {
    return std::nullopt;
  }
  return name.substr(1, end - 1);
}

void AtomicOutput::check_kind(const fs::path& given, Kind kind) {
  const fs::path path = strip_trailing_slashes(given);
  std::error_code ignored;
  const bool is_directory = fs::is_directory(path, ignored);
  if (fs::exists(path, ignored) && is_directory != (kind == Kind::directory)) {
    throw usage_error("{} is {}: choose another name for the output",
                      path.string(),
                      is_directory ? "a directory" : "not a directory");
  }
}

AtomicOutput::AtomicOutput(fs::path path, bool force, Kind kind)
    : path_(std::move(path)), kind_(kind), force_(force) {
  check_output(path_, force_);
  path_ = strip_trailing_slashes(path_);
  std::error_code ignored;
  if (fs::exists(path_, ignored)) {
    path_ = resolve_replaceable_path(path_);
  }
  check_kind(path_, kind_);
  const fs::path parent = parent_directory(path_);
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {
    throw io_error("{}: cannot write to the directory {}: {}", path_.string(),
                   parent.string(), std::strerror(errno));
  }
  remove_stale_temporaries(path_);
  temporary_path_ = parent / make_temporary_name(path_);
  // A killed process with the same pid may have left one behind.
  fs::remove_all(temporary_path_, ignored);
  if (kind_ == Kind::directory) {
    std::error_code error;
    fs::create_directory(temporary_path_, error);
    if (error) {
      throw io_error("{}: cannot create: {}", path_.string(), error.message());
    }
  }
  replace_registered_file(nullptr, temporary_path_.c_str());
}

TemporaryDirectory::TemporaryDirectory(const std::string& name) {
  std::error_code error;
  const fs::path temporary_root = fs::temp_directory_path(error);
  if (error) {
    throw io_error(
        "there is no directory for temporary files: {}: set TMPDIR to one",
        error.message());
  }
  const fs::path path = temporary_root / name;
  remove_stale_temporaries(path);
  path_ = path.parent_path() / make_temporary_name(path);
  std::error_code ignored;
  // A killed process with the same pid may have left one behind.
  fs::remove_all(path_, ignored);
  if (::mkdir(path_.c_str(), S_IRWXU) != 0) {
    throw io_error("{}: cannot create a temporary directory: {}",
                   path_.string(), std::strerror(errno));
  }
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

AtomicOutput::~AtomicOutput() {
  replace_registered_file(temporary_path_.c_str(), nullptr);
  if (is_committed_) {
    return;
  }
  std::error_code ignored;
  fs::remove_all(temporary_path_, ignored);
}

void AtomicOutput::commit() {
  try {
    if (kind_ == Kind::directory) {
      fsync_tree(temporary_path_, path_);
    } else {
      fsync_path(temporary_path_, path_);
    }
  } catch (const fs::filesystem_error& error) {
    throw io_error("{}: {}", path_.string(), error.code().message());
  }
  check_output(path_, force_);  // it may have been created in the meantime
  // rename() does not replace a directory that is not empty, so an existing one
  // is exchanged atomically and then removed.
  std::error_code ignored;
  const bool exchange =
      kind_ == Kind::directory && fs::is_directory(path_, ignored);
  if (::renameat2(AT_FDCWD, temporary_path_.c_str(), AT_FDCWD, path_.c_str(),
                  exchange ? RENAME_EXCHANGE : 0) != 0) {
    throw io_error("{}: cannot rename the finished output: {}", path_.string(),
                   std::strerror(errno));
  }
  is_committed_ = true;
  if (exchange) {
    fs::remove_all(temporary_path_, ignored);
  }
  fsync_path(parent_directory(path_), path_);
}

void write_file(const fs::path& path, std::string_view content, bool force) {
  AtomicOutput output(path, force);
  {
    std::ofstream stream(output.temporary_path(), std::ios::binary);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    stream.close();
    if (!stream) {
      throw io_error("{}: cannot write: {}", path.string(),
                     std::strerror(errno));
    }
  }
  output.commit();
}

void check_input_is_not_output(const fs::path& input, const fs::path& output) {
  std::error_code ignored;
  if (!output.empty() && fs::equivalent(input, output, ignored)) {
    throw usage_error("{} is an input: choose another name for the output",
                      output.string());
  }
}

std::string read_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw io_error("{}: cannot read: it is a directory", path.string());
  }
  check_not_pointer(path);
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  if (stream) {
    content << stream.rdbuf();
  }
  if (!stream || stream.bad()) {
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
  }
  return std::move(content).str();
}

void check_readable(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_directory = std::filesystem::is_directory(path, ignored);
  check_not_pointer(path);
  // Does not open the file, which would block on a named pipe.
  const int wanted = is_directory ? R_OK | X_OK : R_OK;
  if (::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) != 0) {
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
  }
}

}  // namespace gato::base
