// Files that grow by a record at a time.
//
// TensorBoard event files: the numbers of metrics.jsonl as TensorBoard draws
// them.
//
// A file is a row of TFRecords (tensorflow/core/lib/io/record_writer.h):
//   u64 length, u32 masked CRC-32C of these 8 bytes,
//   `length` bytes, u32 masked CRC-32C of them
// Each holds one Event (tensorflow/core/util/event.proto), of which these
// fields are written: 1 wall_time (double), 2 step, 3 file_version, 5 summary,
// 7 session_log; in a summary one value a number, 1 tag and 2 simple_value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gato::train {

// Appends all of `record`; or warns, and the file is as it was before where
// there was no room.
void append_record(const std::filesystem::path& path, std::string_view record);

class TensorBoardWriter {
 public:
  // Creates events.out.tfevents.SECONDS.HOST.PID in `directory`, and says in it
  // that the run goes on from `step`: of later steps TensorBoard forgets what
  // earlier files say. Error (io) where it cannot be created.
  TensorBoardWriter(const std::filesystem::path& directory, int64_t step);

  // Every finite number in `metrics`, nested keys joined with '/', at once on
  // the disk. Warns where it cannot be written.
  void add_scalars(int64_t step, const nlohmann::json& metrics);

 private:
  void write_event(std::string_view event);

  std::filesystem::path path_;
};

// Whether a file of a run directory is one.
bool is_event_file(const std::string& name);

// Castagnoli's CRC as TFRecords store it: rotated right by 15 bits, plus
// 0xa282ead8.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace gato::train
