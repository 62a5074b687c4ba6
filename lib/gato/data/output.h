// Outputs appear whole or not at all: written under a temporary name in the
// same directory, synced, renamed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gato {

// A file (or a directory) that replaces `path` only when commit() is called.
// Destroyed without commit, by an exception say, it removes what was written.
// A killed process leaves at most a file named ".<name>.tmp-<pid>-<n>".
class AtomicOutput {
 public:
  enum class Kind { file, directory };
  // Error (usage) where `path` exists and not `force`; Error (io) where its
  // directory is missing or cannot be written. A directory output is created.
  AtomicOutput(std::filesystem::path path, bool force, Kind kind = Kind::file);
  ~AtomicOutput();
  AtomicOutput(const AtomicOutput&) = delete;
  AtomicOutput& operator=(const AtomicOutput&) = delete;

  // Write here.
  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& path() const { return path_; }
  // Sync and rename. Error (io) where the disk is full or the rename fails.
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  Kind kind_;
  bool force_;
  bool committed_ = false;
};

// Error (usage) where an output exists and not `force`. Programs call it while
// they validate, before any work.
void check_output(const std::filesystem::path& path, bool force);

// Whole text or binary file, atomically.
void write_file(const std::filesystem::path& path, std::string_view content,
                bool force);
// Error (io) with the reason where it cannot be read.
std::string read_file(const std::filesystem::path& path);

}  // namespace gato
