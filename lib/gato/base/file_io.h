// Outputs appear whole or not at all: written under a temporary name in the
// same directory, synced, renamed.
//
// Whether an input can be read, asked before its kind is: what cannot be read
// is of no wrong kind.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace gato::base {

// A file (or a directory) that replaces `path` only when commit() is called.
// Destroyed without commit, by an exception say, it removes what was written.
// A killed process leaves at most ".<name>.tmp-<host>-<pid>-<n>", which the
// next output of that name removes, if it is made on the same host.
class AtomicOutput {
 public:
  enum class Kind { file, directory };
  // Errors as check_output; (usage) where `path` is a file and a directory is
  // wanted, or the other way round. A directory output is created. Through a
  // symbolic link, what it points to is replaced and the link stays.
  AtomicOutput(std::filesystem::path path, bool force, Kind kind = Kind::file);
  ~AtomicOutput();
  AtomicOutput(const AtomicOutput&) = delete;
  AtomicOutput& operator=(const AtomicOutput&) = delete;

  // Write here.
  const std::filesystem::path& temporary_path() const {
    return temporary_path_;
  }
  const std::filesystem::path& path() const { return path_; }
  // Sync and rename. Error (io) where the disk is full or the rename fails.
  void commit();

 private:
  std::filesystem::path path_, temporary_path_;
  Kind kind_;
  bool force_;
  bool is_committed_ = false;
};

// Removes the files (not the directories) that AtomicOutputs of this process
// are writing. May be called in a signal handler, before the process ends.
void remove_temporary_files();

// Error (usage) where `path` exists and not `force`, or could not be replaced
// by renaming: a device, a pipe, a socket, a link to nothing, "-", "."; Error
// (io) where its directory is missing. Programs call it while they validate,
// before work.
void check_output(const std::filesystem::path& path, bool force);

// Error (usage) where `path` is a symbolic link to nothing.
void check_not_dangling_symlink(const std::filesystem::path& path);

// A directory among the system's temporary files, which goes with the object.
// What a killed process left of the same name is removed by the next one.
class TemporaryDirectory {
 public:
  // Error (io) where it cannot be created.
  explicit TemporaryDirectory(const std::string& name);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The final name of a temporary one: "step-5" of ".step-5.tmp-host-12-0", none
// of any other.
std::optional<std::string> final_output_name(const std::string& name);

// Error (usage) where an input is the output, by whatever name.
void check_input_is_not_output(const std::filesystem::path& input,
                               const std::filesystem::path& output);

// Whole text or binary file, atomically.
void write_file(const std::filesystem::path& path, std::string_view content,
                bool force);
// Error (io) with the reason where it cannot be read.
std::string read_file(const std::filesystem::path& path);

// Error (io) with the system's reason where a file cannot be opened for
// reading, or a directory cannot be listed and its files reached.
void check_readable(const std::filesystem::path& path);

}  // namespace gato::base
