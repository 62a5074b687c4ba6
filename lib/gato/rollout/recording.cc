// A record is kRecordHeaderSize bytes, {kind, 4 letters; payload size, 16 hex
// digits; digest of the payload, 16 hex digits}, and the payload. The payload
// of an episode is {was_retried, '0' or '1'; length of the task's name, 16 hex
// digits; the name; the episode as serialize_episode() writes it}.
#include "gato/rollout/recording.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/lock_file.h"
#include "gato/data/file_format.h"
#include "gato/rollout/episode_serializer.h"

namespace gato::rollout {
namespace {

namespace fs = std::filesystem;

constexpr data::FileFormat kRecordingFormat{"gato-recording", 1, 1,
                                            "gato-rollout control"};
constexpr const char* kEpisodeKind = "EPIS";
constexpr const char* kFilmKind = "FILM";
constexpr int64_t kKindSize = 4, kNumberSize = 16;
constexpr int64_t kRecordHeaderSize = kKindSize + 2 * kNumberSize;
constexpr int64_t kMaxStartSize = int64_t{1} << 26;

std::string hex(int64_t value) { return fmt::format("{:016x}", value); }

// Returns the number that hex() wrote, or -1.
int64_t parse_hex(std::string_view text) {
  int64_t value = -1;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? value : -1;
}

base::Error not_a_recording_error(const fs::path& path) {
  return base::input_error(
      "{}: it is not a recording of gato-rollout control, which needs this "
      "name while it plays: move the file or choose another --output",
      path.string());
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
  if (episodes_.empty()) {
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
  const int64_t size = ::lseek(fd_, 0, SEEK_END);
  if (size <= 0) {
    return;  // new, or its process was killed before it wrote the first line
  }
  std::string line = read_bytes({0, std::min(size, kMaxStartSize)});
  const size_t line_end = line.find('\n');
  if (line_end == std::string::npos || line.front() != '{') {
    throw not_a_recording_error(path_);
  }
  line.resize(line_end);
  const nlohmann::json first =
      nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (first.is_discarded()) {
    throw not_a_recording_error(path_);
  }
  data::check_format(first, kRecordingFormat, path_.string());
  start_ = first.value("start", nlohmann::json());
  end_ = static_cast<int64_t>(line_end) + 1;
  while (size - end_ >= kRecordHeaderSize) {
    const std::string header = read_bytes({end_, kRecordHeaderSize});
    const std::string_view view = header;
    const int64_t payload_size = parse_hex(view.substr(kKindSize, kNumberSize));
    const Extent extent{end_ + kRecordHeaderSize, payload_size};
    if (payload_size < 0 || payload_size > size - extent.offset) {
      break;
    }
    const std::string payload = read_bytes(extent);
    if (base::digest_bytes(payload) != view.substr(kKindSize + kNumberSize) ||
        !add_to_index(header.substr(0, kKindSize), payload, extent)) {
      break;
    }
    end_ = extent.offset + extent.size;
  }
  if (end_ < size) {
    spdlog::info("{}: its last {} bytes are not a complete record: ignored",
                 path_.string(), size - end_);
    if (::ftruncate(fd_, end_) != 0) {
      throw base::io_error("{}: cannot write: {}", path_.string(),
                           std::strerror(errno));
    }
  }
}

bool Recording::add_to_index(const std::string& kind,
                             const std::string& payload, Extent extent) {
  if (kind == kFilmKind) {
    film_ = extent;
    return true;
  }
  constexpr int64_t kNameOffset = 1 + kNumberSize;
  const int64_t size = std::ssize(payload);
  if (kind != kEpisodeKind || size < kNameOffset) {
    return false;
  }
  const std::string_view view = payload;
  const int64_t name_size = parse_hex(view.substr(1, kNumberSize));
  int64_t id = 0;  // the first member of an episode
  if (name_size < 0 ||
      name_size > size - kNameOffset - static_cast<int64_t>(sizeof id)) {
    return false;
  }
  const int64_t episode_offset = kNameOffset + name_size;
  std::memcpy(&id, payload.data() + episode_offset, sizeof id);
  episodes_[{payload.substr(kNameOffset, name_size), id}] = {
      {extent.offset + episode_offset, extent.size - episode_offset},
      payload[0] == '1'};
  return true;
}

void Recording::begin(const nlohmann::json& start) {
  nlohmann::json first = data::format_to_json(kRecordingFormat);
  first["start"] = start;
  episodes_.clear();
  film_.reset();
  end_ = 0;
  if (::ftruncate(fd_, 0) != 0) {
    throw base::io_error("{}: cannot write: {}", path_.string(),
                         std::strerror(errno));
  }
  const std::string line =
      first.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
      "\n";
  start_ = nlohmann::json::parse(line).at("start");
  append_record(nullptr, line);
}

int64_t Recording::episode_count() const {
  const std::lock_guard lock(mutex_);
  return std::ssize(episodes_);
}

bool Recording::has_episode(const std::string& task, int64_t id) const {
  const std::lock_guard lock(mutex_);
  return episodes_.contains({task, id});
}

const Recording::EpisodeRecord& Recording::find(const std::string& task,
                                                int64_t id) const {
  const std::lock_guard lock(mutex_);
  return episodes_.at({task, id});
}

void Recording::append(const std::string& task, const data::Episode& episode,
                       bool was_retried) {
  append_record(kEpisodeKind, fmt::format("{}{}{}{}", was_retried ? 1 : 0,
                                          hex(std::ssize(task)), task,
                                          serialize_episode(episode)));
}

void Recording::set_film(const std::string& bytes) {
  append_record(kFilmKind, bytes);
}

// Without a kind, appends the bare payload, which is the first line.
void Recording::append_record(const char* kind, const std::string& payload) {
  std::string bytes;
  if (kind != nullptr) {
    bytes = kind + hex(std::ssize(payload)) + base::digest_bytes(payload);
  }
  const auto header_size = std::ssize(bytes);
  bytes += payload;
  const std::lock_guard lock(mutex_);
  int64_t written = 0;
  while (written < std::ssize(bytes)) {
    const ssize_t n = ::pwrite(fd_, bytes.data() + written,
                               bytes.size() - written, end_ + written);
    if (n < 0 && errno != EINTR) {
      throw base::io_error("{}: cannot write: {}", path_.string(),
                           std::strerror(errno));
    }
    written += std::max<ssize_t>(n, 0);
  }
  if (kind != nullptr) {
    add_to_index(kind, payload, {end_ + header_size, std::ssize(payload)});
  }
  end_ += std::ssize(bytes);
}

std::string Recording::read_bytes(Extent extent) const {
  std::string bytes(static_cast<size_t>(extent.size), '\0');
  int64_t done = 0;
  while (done < extent.size) {
    const ssize_t n =
        ::pread(fd_, bytes.data() + done,
                static_cast<size_t>(extent.size - done), extent.offset + done);
    if (n == 0 || (n < 0 && errno != EINTR)) {
      throw base::io_error("{}: cannot read: {}", path_.string(),
                           n == 0 ? "it is truncated" : std::strerror(errno));
    }
    done += std::max<ssize_t>(n, 0);
  }
  return bytes;
}

data::Episode Recording::read(const data::TaskSpec& task, int64_t id) const {
  return parse_episode(
      read_bytes(find(task.name, id).episode), task,
      fmt::format("{}: episode {} of {}", path_.string(), id, task.name));
}

bool Recording::was_retried(const std::string& task, int64_t id) const {
  return find(task, id).was_retried;
}

std::optional<std::string> Recording::film() const {
  if (!film_) {
    return std::nullopt;
  }
  return read_bytes(*film_);
}

void Recording::sync() { ::fsync(fd_); }

void Recording::remove() {
  ::unlink(path_.c_str());
  ::close(fd_);
  fd_ = -1;
}

}  // namespace gato::rollout
