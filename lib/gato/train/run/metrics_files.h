// Metrics files, to which one record is appended at a time: metrics.jsonl, and
// TensorBoard event files with the same numbers.
//
// An event file is a sequence of TFRecords
// (tensorflow/core/lib/io/record_writer.h), all integers little-endian:
//   u64 length, u32 masked CRC-32C of these 8 bytes,
//   `length` bytes, u32 masked CRC-32C of them
// Each record contains one Event (tensorflow/core/util/event.proto), of which
// these fields are written: 1 wall_time (double), 2 step, 3 file_version, 5
// summary, 7 session_log. A summary has one value per number, with the fields 1
// tag and 2 simple_value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gato::train {

// Appends `record` to a file. If it cannot be written, warns and truncates the
// file to its previous size.
void append_record(const std::filesystem::path& path, std::string_view record);

class TensorBoardWriter {
 public:
  // Creates events.out.tfevents.SECONDS.HOST.PID in `directory` and records in
  // it that the run continues from `step`, so that TensorBoard discards later
  // steps of earlier files. Throws Error(io) if the file cannot be created.
  TensorBoardWriter(const std::filesystem::path& directory, int64_t step);

  // Appends every finite number in `metrics`, with nested keys joined by '/'.
  // Not buffered. Warns if it cannot be written.
  void add_scalars(int64_t step, const nlohmann::json& metrics);

 private:
  void write_event(std::string_view event);

  std::filesystem::path path_;
};

// Returns whether the file name is that of an event file.
bool is_event_file(const std::string& name);

// Returns the CRC-32C (Castagnoli) as stored in TFRecords: rotated right by 15
// bits, plus 0xa282ead8.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace gato::train
