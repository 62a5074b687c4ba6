// The layout of the file in which gato-rollout control keeps the episodes that
// it has played until it writes the datasets.
//
// The file is only appended to. Its first line is JSON: kind, version and
// "start", which describes the start of the run. Each record that follows is an
// episode of a task, the timing of an episode or the video, with its size and
// its XXH64 digest. A process that is killed while it appends a record loses
// only that record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gato/data/file_format.h"

namespace gato::data {

inline constexpr FileFormat kRecordingFormat{"gato-recording", 2, 2,
                                             "gato-rollout control"};

// A range of bytes in a recording.
struct RecordingExtent {
  int64_t offset = 0, size = 0;
};

// The complete records of a recording.
struct RecordingIndex {
  struct EpisodeRecord {
    RecordingExtent episode;
    bool was_retried = false;
  };

  nlohmann::json start;  // null if the file is empty
  // The episodes by task and id. A later record replaces an earlier one.
  std::map<std::pair<std::string, int64_t>, EpisodeRecord> episodes;
  // The timing of episodes, by task and id; as JSON.
  std::map<std::pair<std::string, int64_t>, RecordingExtent> timings;
  std::optional<RecordingExtent> video;
  int64_t end = 0;   // of the last complete record
  int64_t size = 0;  // of the file
};

// Returns whether the file begins like a recording.
bool is_recording(const std::filesystem::path& path);

// Reads the index of the recording that is open as `descriptor`. What follows
// the last complete record is ignored. Throws Error(bad_input), with a message
// that begins with `path`, if it is not a recording, and Error(io) if it cannot
// be read.
RecordingIndex read_recording_index(int descriptor,
                                    const std::filesystem::path& path);

// Returns the bytes of an extent. Throws Error(io) if they cannot be read.
std::string read_recording_bytes(int descriptor, RecordingExtent extent,
                                 const std::filesystem::path& path);

// Returns the first line of a recording.
std::string recording_first_line(const nlohmann::json& start);

// A record and the range of its content, relative to the start of the record.
// The content is an episode, as the program serializes it, the timing of an
// episode, which is JSON, or the video, as the bytes of its file.
struct EncodedRecord {
  std::string bytes;
  RecordingExtent content;
};
// Return the record of an episode, of its timing, and of the video.
EncodedRecord encode_episode_record(const std::string& task,
                                    std::string_view episode, bool was_retried);
EncodedRecord encode_timing_record(const std::string& task, int64_t id,
                                   const nlohmann::json& timing);
EncodedRecord encode_video_record(std::string_view video);

}  // namespace gato::data
