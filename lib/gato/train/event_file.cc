#include "gato/train/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>

#include "gato/base/error.h"
#include "gato/train/append.h"

namespace gato {
namespace {

constexpr std::string_view prefix = "events.out.tfevents.";
constexpr int session_start = 1;  // SessionLog.START

// Protocol buffers' wire types.
enum Wire : uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

double now() {
  return std::chrono::duration<double>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void put_varint(std::string& message, uint64_t value) {
  for (; value >= 0x80; value >>= 7) message += char(value | 0x80);
  message += char(value);
}

void put_key(std::string& message, uint32_t field, Wire wire) {
  put_varint(message, field << 3 | wire);
}

// Little-endian, as every host here is.
template <class T>
void put_raw(std::string& message, T value) {
  message.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_bytes(std::string& message, uint32_t field, std::string_view value) {
  put_key(message, field, Wire::bytes);
  put_varint(message, value.size());
  message += value;
}

std::string event_at(int64_t step) {
  std::string event;
  put_key(event, 1, Wire::fixed64);
  put_raw(event, now());
  put_key(event, 2, Wire::varint);
  put_varint(event, uint64_t(step));
  return event;
}

void put_values(std::string& summary, const std::string& tag,
                const nlohmann::json& value) {
  if (value.is_object()) {
    for (const auto& [key, part] : value.items()) {
      put_values(summary, tag.empty() ? key : fmt::format("{}/{}", tag, key),
                 part);
    }
    return;
  }
  if (!value.is_number() || !std::isfinite(value.get<double>())) return;
  std::string entry;
  put_bytes(entry, 1, tag);
  put_key(entry, 2, Wire::fixed32);
  put_raw(entry, value.get<float>());
  put_bytes(summary, 1, entry);
}

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
    crc = table[(crc ^ uint8_t(byte)) & 0xff] ^ crc >> 8;
  }
  return std::rotr(~crc, 15) + 0xa282ead8u;
}

bool is_event_file(const std::string& name) { return name.starts_with(prefix); }

EventFile::EventFile(const std::filesystem::path& directory, int64_t step)
    : path_(directory / fmt::format("{}{:010}.{}.{}", prefix, int64_t(now()),
                                    host_name(), ::getpid())) {
  if (!std::ofstream(path_, std::ios::binary)) {
    throw io_error("{}: cannot create: {}", path_.string(),
                   std::strerror(errno));
  }
  std::string version = event_at(0);
  put_bytes(version, 3, "brain.Event:2");
  write(version);
  std::string log;
  put_key(log, 1, Wire::varint);
  put_varint(log, session_start);
  std::string start = event_at(step + 1);
  put_bytes(start, 7, log);
  write(start);
}

void EventFile::add(int64_t step, const nlohmann::json& metrics) {
  std::string summary;
  for (const auto& [key, value] : metrics.items()) {
    if (key != "step") put_values(summary, key, value);
  }
  std::string event = event_at(step);
  put_bytes(event, 5, summary);
  write(event);
}

void EventFile::write(std::string_view event) {
  std::string record;
  put_raw(record, uint64_t(event.size()));
  put_raw(record, masked_crc32c(record));
  record += event;
  put_raw(record, masked_crc32c(event));
  append_whole(path_, record);
}

}  // namespace gato
