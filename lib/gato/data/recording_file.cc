// A record is kRecordHeaderSize bytes, {kind, 4 letters; payload size, 16 hex
// digits; digest of the payload, 16 hex digits}, and the payload. The payload
// of an episode is {was_retried, '0' or '1'; length of the task's name, 16 hex
// digits; the name; the episode, whose first 8 bytes are its id}. That of a
// timing is JSON: {"task", "id", "timing"}.
#include "gato/data/recording_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "gato/base/digest.h"
#include "gato/base/error.h"

namespace gato::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEpisodeKind = "EPIS";
constexpr const char* kTimingKind = "TIME";
constexpr const char* kVideoKind = "FILM";
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

// Adds the record at `payload` to the index. Returns false if it is invalid.
bool add_to_index(const std::string& kind, const std::string& payload,
                  RecordingExtent extent, RecordingIndex& index) {
  if (kind == kVideoKind) {
    index.video = extent;
    return true;
  }
  if (kind == kTimingKind) {
    const nlohmann::json timing =
        nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
    if (!timing.is_object()) {
      return false;
    }
    index.timings[{timing.value("task", ""), timing.value("id", int64_t{-1})}] =
        extent;
    return true;
  }
  constexpr int64_t kNameOffset = 1 + kNumberSize;
  const int64_t size = std::ssize(payload);
  if (kind != kEpisodeKind || size < kNameOffset) {
    return false;
  }
  const std::string_view view = payload;
  const int64_t name_size = parse_hex(view.substr(1, kNumberSize));
  int64_t id = 0;
  if (name_size < 0 ||
      name_size > size - kNameOffset - static_cast<int64_t>(sizeof id)) {
    return false;
  }
  const int64_t episode_offset = kNameOffset + name_size;
  std::memcpy(&id, payload.data() + episode_offset, sizeof id);
  index.episodes[{payload.substr(kNameOffset, name_size), id}] = {
      {extent.offset + episode_offset, extent.size - episode_offset},
      payload[0] == '1'};
  return true;
}

// Returns a record whose content is the end of the payload.
EncodedRecord encode_record(const char* kind, const std::string& payload,
                            size_t content_size) {
  EncodedRecord record;
  record.bytes =
      kind + hex(std::ssize(payload)) + base::digest_bytes(payload) + payload;
  record.content.size = static_cast<int64_t>(content_size);
  record.content.offset = std::ssize(record.bytes) - record.content.size;
  return record;
}

}  // namespace

bool is_recording(const fs::path& path) {
  const std::string prefix =
      fmt::format(R"({{"kind":"{}")", kRecordingFormat.kind);
  std::string begin(prefix.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(begin.data(), std::ssize(begin)) && begin == prefix;
}

RecordingIndex read_recording_index(int descriptor, const fs::path& path) {
  RecordingIndex index;
  index.size = std::max<int64_t>(0, ::lseek(descriptor, 0, SEEK_END));
  if (index.size == 0) {
    return index;  // new, or killed before it wrote the first line
  }
  std::string line = read_recording_bytes(
      descriptor, {0, std::min(index.size, kMaxStartSize)}, path);
  const size_t line_end = line.find('\n');
  if (line_end == std::string::npos || line.front() != '{') {
    throw not_a_recording_error(path);
  }
  line.resize(line_end);
  const nlohmann::json first =
      nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (first.is_discarded()) {
    throw not_a_recording_error(path);
  }
  check_format(first, kRecordingFormat, path.string());
  index.start = first.value("start", nlohmann::json());
  index.end = static_cast<int64_t>(line_end) + 1;
  while (index.size - index.end >= kRecordHeaderSize) {
    const std::string header =
        read_recording_bytes(descriptor, {index.end, kRecordHeaderSize}, path);
    const std::string_view view = header;
    const int64_t payload_size = parse_hex(view.substr(kKindSize, kNumberSize));
    const RecordingExtent extent{index.end + kRecordHeaderSize, payload_size};
    if (payload_size < 0 || payload_size > index.size - extent.offset) {
      break;
    }
    const std::string payload = read_recording_bytes(descriptor, extent, path);
    if (base::digest_bytes(payload) != view.substr(kKindSize + kNumberSize) ||
        !add_to_index(header.substr(0, kKindSize), payload, extent, index)) {
      break;
    }
    index.end = extent.offset + extent.size;
  }
  return index;
}

std::string read_recording_bytes(int descriptor, RecordingExtent extent,
                                 const fs::path& path) {
  std::string bytes(static_cast<size_t>(extent.size), '\0');
  int64_t done = 0;
  while (done < extent.size) {
    const ssize_t n =
        ::pread(descriptor, bytes.data() + done,
                static_cast<size_t>(extent.size - done), extent.offset + done);
    if (n == 0 || (n < 0 && errno != EINTR)) {
      throw base::io_error("{}: cannot read: {}", path.string(),
                           n == 0 ? "it is truncated" : std::strerror(errno));
    }
    done += std::max<ssize_t>(n, 0);
  }
  return bytes;
}

std::string recording_first_line(const nlohmann::json& start) {
  nlohmann::json first = format_to_json(kRecordingFormat);
  first["start"] = start;
  return first.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

EncodedRecord encode_episode_record(const std::string& task,
                                    std::string_view episode,
                                    bool was_retried) {
  return encode_record(kEpisodeKind,
                       fmt::format("{}{}{}{}", was_retried ? 1 : 0,
                                   hex(std::ssize(task)), task, episode),
                       episode.size());
}

EncodedRecord encode_timing_record(const std::string& task, int64_t id,
                                   const nlohmann::json& timing) {
  const std::string payload =
      nlohmann::json{{"task", task}, {"id", id}, {"timing", timing}}.dump();
  return encode_record(kTimingKind, payload, payload.size());
}

EncodedRecord encode_video_record(std::string_view video) {
  return encode_record(kVideoKind, std::string(video), video.size());
}

}  // namespace gato::data
