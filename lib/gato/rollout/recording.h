// The file in which gato-rollout control keeps the episodes that it has played
// until it writes the datasets, so that an interrupted run can be continued.
//
// The file is only appended to. Its first line is JSON: kind, version and
// "start", what the run was started with. Each record that follows is an
// episode of a task or the film, with its size and its XXH64 digest. A process
// that is killed while it appends a record loses only that record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "gato/data/episode.h"

namespace gato::rollout {

// append(), set_film(), has_episode() and episode_count() can be called from
// several threads at the same time.
class Recording {
 public:
  // Opens and locks the file, which need not exist, and finds its records. What
  // follows the last complete record is ignored. Throws Error(usage) if another
  // process has locked it, Error(bad_input) if it is not a recording, and
  // Error(io) if it cannot be opened. A file system without locks is a warning.
  explicit Recording(std::filesystem::path path);
  // Removes the file if it has no episodes.
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Returns what the run was started with; null if the file is new.
  const nlohmann::json& start() const { return start_; }
  // Discards all records and begins a recording.
  void begin(const nlohmann::json& start);

  int64_t episode_count() const;
  bool has_episode(const std::string& task, int64_t id) const;
  // Records an episode by its id. A later record replaces an earlier one.
  // Throws Error(io), for example if the disk is full.
  void append(const std::string& task, const data::Episode& episode,
              bool was_retried);
  // Returns an episode that has_episode(). Throws Error(bad_input) if its
  // fields are not those of the task.
  data::Episode read(const data::TaskSpec& task, int64_t id) const;
  bool was_retried(const std::string& task, int64_t id) const;

  // Records the film as the bytes of its file; empty if it could not be made.
  void set_film(const std::string& bytes);
  // Returns the film, nullopt if there is no record of it.
  std::optional<std::string> film() const;

  // Writes the records to the disk.
  void sync();
  // Removes the file. No other method can be called afterwards.
  void remove();

 private:
  // Where the payload of a record is in the file.
  struct Extent {
    int64_t offset = 0, size = 0;
  };
  struct EpisodeRecord {
    Extent episode;
    bool was_retried = false;
  };

  void open_and_lock();
  void scan();
  // Adds the record at `payload` to the index. Returns false if it is invalid.
  bool add_to_index(const std::string& kind, const std::string& payload,
                    Extent extent);
  void append_record(const char* kind, const std::string& payload);
  std::string read_bytes(Extent extent) const;
  const EpisodeRecord& find(const std::string& task, int64_t id) const;

  std::filesystem::path path_;
  int fd_ = -1;
  nlohmann::json start_;
  int64_t end_ = 0;  // of the last complete record

  mutable std::mutex mutex_;  // guards the members below, and appending
  std::map<std::pair<std::string, int64_t>, EpisodeRecord> episodes_;
  std::optional<Extent> film_;
};

}  // namespace gato::rollout
