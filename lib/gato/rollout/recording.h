// The file in which gato-rollout control keeps the episodes that it has played
// until it writes the datasets, so that an interrupted run can be continued.
// data/recording_file.h describes its layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gato/data/episode.h"
#include "gato/data/recording_file.h"
#include "gato/rollout/control_clock.h"

namespace gato::rollout {

// append(), set_timing(), set_video(), has_episode() and episode_count() can be
// called from several threads at the same time.
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
  const nlohmann::json& start() const { return index_.start; }
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

  // Records how an episode was timed.
  void set_timing(const std::string& task, int64_t id,
                  const ControlTiming& timing);
  // Returns how an episode was timed; without steps if there is no record of
  // it. Throws Error(bad_input) if the record is invalid.
  ControlTiming timing(const std::string& task, int64_t id) const;

  // Records the video as the bytes of its file; empty if it could not be made.
  void set_video(const std::string& bytes);
  // Returns the video, nullopt if there is no record of it.
  std::optional<std::string> video() const;

  // Writes the records to the disk.
  void sync();
  // Removes the file. No other method can be called afterwards.
  void remove();

 private:
  using EpisodeRecord = data::RecordingIndex::EpisodeRecord;

  void open_and_lock();
  void scan();
  // Appends a record to the file and returns where its content is. Requires
  // that mutex_ is locked.
  data::RecordingExtent append_record(const data::EncodedRecord& record);
  void append_bytes(const std::string& bytes);
  EpisodeRecord find(const std::string& task, int64_t id) const;

  std::filesystem::path path_;
  int fd_ = -1;
  mutable std::mutex mutex_;  // guards index_, apart from start
  data::RecordingIndex index_;
};

}  // namespace gato::rollout
