// Reads and writes whole files, and checks inputs and outputs before work
// starts.
//
// Outputs appear complete or not at all: they are written under a temporary
// name in the same directory, synced and then renamed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace gato::base {

// A file (or a directory) that replaces `path` only when commit() is called.
// If it is destroyed without a commit, for example by an exception, it removes
// what was written. A killed process leaves at most
// ".<name>.tmp-<host>-<pid>-<n>" behind, which the next output of that name
// removes if it is created on the same host.
class AtomicOutput {
 public:
  enum class Kind { file, directory };
  // Throws Error(usage) if `path` exists and is not of this kind. Programs
  // whose work takes long call this, too, while they validate their options.
  static void check_kind(const std::filesystem::path& path, Kind kind);
  // Creates the temporary directory if the output is a directory; the caller
  // creates a file. If `path` is a symbolic link, the output replaces its
  // target and keeps the link. Throws the errors of check_output() and
  // check_kind(), and Error(io) if its directory is not writable.
  AtomicOutput(std::filesystem::path path, bool force, Kind kind = Kind::file);
  ~AtomicOutput();
  AtomicOutput(const AtomicOutput&) = delete;
  AtomicOutput& operator=(const AtomicOutput&) = delete;

  // Returns the path that the caller writes to.
  const std::filesystem::path& temporary_path() const {
    return temporary_path_;
  }
  const std::filesystem::path& path() const { return path_; }
  // Syncs and renames the output. Throws Error(io) if the disk is full or the
  // rename fails.
  void commit();

 private:
  std::filesystem::path path_, temporary_path_;
  Kind kind_;
  bool force_;
  bool is_committed_ = false;
};

// Removes the files (not the directories) that AtomicOutputs of this process
// are writing. Async-signal-safe, so that a handler can call it before the
// process ends.
void remove_temporary_files();

// Throws Error(usage) if `path` exists and `force` is false, or if renaming
// cannot replace it: a device, a pipe, a socket, a dangling symbolic link, "-"
// or ".". Throws Error(io) if its directory is missing. Programs call this
// while they validate their options, before the work.
void check_output(const std::filesystem::path& path, bool force);

// Throws Error(usage) if `path` is a dangling symbolic link.
void check_not_dangling_symlink(const std::filesystem::path& path);

// A directory within the system's temporary directory that exists as long as
// this object. The next TemporaryDirectory of the same name removes what a
// killed process left behind.
class TemporaryDirectory {
 public:
  // Throws Error(io) if the directory cannot be created.
  explicit TemporaryDirectory(const std::string& name);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Returns the final name of an output's temporary name: "step-5" for
// ".step-5.tmp-host-12-0". Returns nullopt if `name` is not a temporary name.
std::optional<std::string> final_output_name(const std::string& name);

// Throws Error(usage) if the input and the output are the same file, even under
// different names.
void check_input_is_not_output(const std::filesystem::path& input,
                               const std::filesystem::path& output);

// Writes a text or binary file atomically. Throws the errors of AtomicOutput.
void write_file(const std::filesystem::path& path, std::string_view content,
                bool force);
// Returns the content of a file. Throws Error(io) with the system's reason if
// it cannot be read, or if it is a pointer file; see check_not_pointer().
std::string read_file(const std::filesystem::path& path);

// Throws Error(io) with the system's reason if a file is not readable, if a
// directory is not readable and searchable, or if the file is a pointer file;
// see check_not_pointer(). Called before the kind of an input is detected, so
// that an unreadable input is not reported as being of the wrong kind.
void check_readable(const std::filesystem::path& path);

}  // namespace gato::base
