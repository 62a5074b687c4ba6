#include "gato/train/run/metrics_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>

#include "gato/base/error.h"

// Records are appended with O_APPEND and without buffering, so that a killed
// process loses none of them. The few protocol buffer messages of an event file
// are encoded by hand, which avoids a dependency on the library: put_*
// functions append a field, and nested messages are built first and appended as
// bytes.
namespace gato::train {

void append_record(const std::filesystem::path& path, std::string_view record) {
  const auto warn = [&path] {
    spdlog::warn("{}: cannot write: {}", path.string(), std::strerror(errno));
  };
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  struct stat before {};
  if (fd < 0 || ::fstat(fd, &before) != 0) {
    warn();
    if (fd >= 0) {
      ::close(fd);
    }
    return;
  }
  bool is_written = true;
  while (is_written && !record.empty()) {
    const ssize_t count = ::write(fd, record.data(), record.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    is_written = count >= 0;
    if (is_written) {
      record.remove_prefix(static_cast<size_t>(count));
    }
  }
  if (!is_written) {
    warn();
    if (::ftruncate(fd, before.st_size) != 0) {
      warn();
    }
  }
  // On NFS, a failed write may be reported only by close().
  if (::close(fd) != 0 && is_written) {
    warn();
  }
}

namespace {

constexpr std::string_view kEventFilePrefix = "events.out.tfevents.";
constexpr int kSessionStart = 1;  // SessionLog.START

// Wire types of protocol buffers.
enum WireType : uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

double unix_time() {
  return std::chrono::duration<double>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Appends groups of 7 bits, lowest first. The high bit of a byte marks that
// more follow.
void put_varint(std::string& message, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    message += static_cast<char>(value | 0x80);
  }
  message += static_cast<char>(value);
}

void put_key(std::string& message, uint32_t field, WireType wire) {
  put_varint(message, field << 3 | wire);
}

// Appends a value in little-endian order, which is that of all supported hosts.
template <class T>
void put_raw(std::string& message, T value) {
  message.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_bytes(std::string& message, uint32_t field, std::string_view value) {
  put_key(message, field, WireType::bytes);
  put_varint(message, value.size());
  message += value;
}

std::string make_event(int64_t step) {
  std::string event;
  put_key(event, 1, WireType::fixed64);
  put_raw(event, unix_time());
  put_key(event, 2, WireType::varint);
  put_varint(event, static_cast<uint64_t>(step));
  return event;
}

void put_scalars(std::string& summary, const std::string& tag,
                 const nlohmann::json& value) {
  if (value.is_object()) {
    for (const auto& [key, part] : value.items()) {
      put_scalars(summary, tag.empty() ? key : fmt::format("{}/{}", tag, key),
                  part);
    }
    return;
  }
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    return;
  }
  std::string entry;
  put_bytes(entry, 1, tag);
  put_key(entry, 2, WireType::fixed32);
  put_raw(entry, value.get<float>());
  put_bytes(summary, 1, entry);
}

// Returns the CRC of every byte, for the reversed polynomial 0x82f63b78.
std::array<uint32_t, 256> crc32c_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = value >> 1 ^ (value & 1 ? 0x82f63b78u : 0);
    }
    table[i] = value;
  }
  return table;
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

uint32_t masked_crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = crc32c_table();
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc = table[(crc ^ static_cast<uint8_t>(byte)) & 0xff] ^ crc >> 8;
  }
  return std::rotr(~crc, 15) + 0xa282ead8u;
}

bool is_event_file(const std::string& name) {
  return name.starts_with(kEventFilePrefix);
}

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& directory,
                                     int64_t step)
    : path_(directory / fmt::format("{}{:010}.{}.{}", kEventFilePrefix,
                                    static_cast<int64_t>(unix_time()),
                                    host_name(), ::getpid())) {
  if (!std::ofstream(path_, std::ios::binary)) {
    throw base::io_error("{}: cannot create: {}", path_.string(),
                         std::strerror(errno));
  }
  std::string version = make_event(0);
  put_bytes(version, 3, "brain.Event:2");
  write_event(version);
  std::string log;
  put_key(log, 1, WireType::varint);
  put_varint(log, kSessionStart);
  std::string start = make_event(step + 1);
  put_bytes(start, 7, log);
  write_event(start);
}

void TensorBoardWriter::add_scalars(int64_t step,
                                    const nlohmann::json& metrics) {
  std::string summary;
  for (const auto& [key, value] : metrics.items()) {
    if (key != "step") {
      put_scalars(summary, key, value);
    }
  }
  std::string event = make_event(step);
  put_bytes(event, 5, summary);
  write_event(event);
}

void TensorBoardWriter::write_event(std::string_view event) {
  std::string record;
  put_raw(record, static_cast<uint64_t>(event.size()));
  put_raw(record, masked_crc32c(record));
  record += event;
  put_raw(record, masked_crc32c(event));
  append_record(path_, record);
}

}  // namespace gato::train
