#include "gato/rollout/recording.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gato/base/error.h"
#include "gato/base/lock_file.h"
#include "gato/rollout/episode_serializer.h"

namespace gato::rollout {
namespace {

namespace fs = std::filesystem;

// Throws Error(io) unless the file could be resized.
void resize_file(int fd, int64_t size, const fs::path& path) {
  if (::ftruncate(fd, size) != 0) {
    throw base::io_error("{}: cannot write: {}", path.string(),
                         std::strerror(errno));
  }
}

}  // namespace

Recording::Recording(fs::path path) : path_(std::move(path)) {
  open_and_lock();
  try {
    scan();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

Recording::~Recording() {
  if (fd_ < 0) {
    return;
  }
  if (index_.episodes.empty()) {
    ::unlink(path_.c_str());
  }
  ::close(fd_);
}

void Recording::open_and_lock() {
  const base::LockedFile file = base::open_and_lock(
      path_,
      fmt::format(
          "{}: another process is recording to it: choose another --output",
          path_.string()));
  fd_ = file.descriptor;
  if (file.failure) {
    spdlog::warn(
        "{}: cannot lock it: {}: make sure that no other process records to "
        "this --output",
        path_.string(), file.failure.message());
  }
}

void Recording::scan() {
  index_ = data::read_recording_index(fd_, path_);
  if (index_.end < index_.size) {
    spdlog::info("{}: its last {} bytes are not a complete record: ignored",
                 path_.string(), index_.size - index_.end);
    resize_file(fd_, index_.end, path_);
  }
}

void Recording::begin(const nlohmann::json& start) {
  const std::string line = data::recording_first_line(start);
  const std::lock_guard lock(mutex_);
  index_ = {};
  index_.start = nlohmann::json::parse(line).at("start");
  resize_file(fd_, 0, path_);
  append_bytes(line);
}

int64_t Recording::episode_count() const {
  const std::lock_guard lock(mutex_);
  return std::ssize(index_.episodes);
}

bool Recording::has_episode(const std::string& task, int64_t id) const {
  const std::lock_guard lock(mutex_);
  return index_.episodes.contains({task, id});
}

Recording::EpisodeRecord Recording::find(const std::string& task,
                                         int64_t id) const {
  const std::lock_guard lock(mutex_);
  return index_.episodes.at({task, id});
}

void Recording::append(const std::string& task, const data::Episode& episode,
                       bool was_retried) {
  const data::EncodedRecord record = data::encode_episode_record(
      task, serialize_episode(episode), was_retried);
  const std::lock_guard lock(mutex_);
  index_.episodes[{task, episode.id}] = {append_record(record), was_retried};
}

void Recording::set_timing(const std::string& task, int64_t id,
                           const ControlTiming& timing) {
  const data::EncodedRecord record = data::encode_timing_record(
      task, id,
      {{"latencies", timing.latencies}, {"overruns", timing.overruns}});
  const std::lock_guard lock(mutex_);
  index_.timings[{task, id}] = append_record(record);
}

ControlTiming Recording::timing(const std::string& task, int64_t id) const {
  data::RecordingExtent extent;
  {
    const std::lock_guard lock(mutex_);
    const auto found = index_.timings.find({task, id});
    if (found == index_.timings.end()) {
      return {};
    }
    extent = found->second;
  }
  try {
    const nlohmann::json timing =
        nlohmann::json::parse(data::read_recording_bytes(fd_, extent, path_))
            .at("timing");
    return {timing.at("latencies").get<std::vector<double>>(),
            timing.at("overruns").get<int64_t>()};
  } catch (const nlohmann::json::exception&) {
    throw base::input_error("{}: the timing of episode {} of {} is corrupt",
                            path_.string(), id, task);
  }
}

void Recording::set_video(const std::string& bytes) {
  const data::EncodedRecord record = data::encode_video_record(bytes);
  const std::lock_guard lock(mutex_);
  index_.video = append_record(record);
}

data::RecordingExtent Recording::append_record(
    const data::EncodedRecord& record) {
  const data::RecordingExtent extent{index_.end + record.content.offset,
                                     record.content.size};
  append_bytes(record.bytes);
  return extent;
}

void Recording::append_bytes(const std::string& bytes) {
  int64_t written = 0;
  while (written < std::ssize(bytes)) {
    const ssize_t n = ::pwrite(fd_, bytes.data() + written,
                               bytes.size() - written, index_.end + written);
    if (n < 0 && errno != EINTR) {
      throw base::io_error("{}: cannot write: {}", path_.string(),
                           std::strerror(errno));
    }
    written += std::max<ssize_t>(n, 0);
  }
  index_.end += std::ssize(bytes);
}

data::Episode Recording::read(const data::TaskSpec& task, int64_t id) const {
  return parse_episode(
      data::read_recording_bytes(fd_, find(task.name, id).episode, path_), task,
      fmt::format("{}: episode {} of {}", path_.string(), id, task.name));
}

bool Recording::was_retried(const std::string& task, int64_t id) const {
  return find(task, id).was_retried;
}

std::optional<std::string> Recording::video() const {
  if (!index_.video) {
    return std::nullopt;
  }
  return data::read_recording_bytes(fd_, *index_.video, path_);
}

void Recording::sync() { ::fsync(fd_); }

void Recording::remove() {
  ::unlink(path_.c_str());
  ::close(fd_);
  fd_ = -1;
}

}  // namespace gato::rollout
