// Compares event files byte by byte with the formats that the header describes.
#include "gato/train/run/metrics_files.h"

#include <filesystem>
#include <fstream>
#include <limits>

#include "catch.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;

namespace {

// Returns the events of a file. Checks both checksums of every record.
std::vector<std::string> read_events(const std::string& path) {
  const std::string bytes = read_bytes(path);
  std::vector<std::string> events;
  for (size_t offset = 0; offset < bytes.size();) {
    uint64_t length = 0;
    uint32_t length_crc = 0, data_crc = 0;
    REQUIRE(offset + 12 <= bytes.size());
    std::memcpy(&length, &bytes[offset], 8);
    std::memcpy(&length_crc, &bytes[offset + 8], 4);
    REQUIRE(offset + 16 + length <= bytes.size());
    events.push_back(bytes.substr(offset + 12, length));
    std::memcpy(&data_crc, &bytes[offset + 12 + length], 4);
    CHECK(masked_crc32c(bytes.substr(offset, 8)) == length_crc);
    CHECK(masked_crc32c(events.back()) == data_crc);
    offset += 16 + length;
  }
  return events;
}

std::vector<std::string> event_files(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (is_event_file(entry.path().filename().string())) {
      files.push_back(entry.path().string());
    }
  }
  return files;
}

}  // namespace

TEST_CASE("Checksums are masked CRC-32C") {
  // RFC 3720, B.4: 32 bytes of 0 have the CRC 0x8a9136aa, "123456789" (the
  // usual check value) 0xe3069283.
  const auto masked = [](uint32_t crc) {
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  };
  CHECK(masked_crc32c(std::string(32, '\0')) == masked(0x8a9136aa));
  CHECK(masked_crc32c("123456789") == masked(0xe3069283));
}

TEST_CASE("Numbers become summary values with joined tags") {
  const TrainingFixture fixture;
  {
    TensorBoardWriter file(std::string(fixture.folder / "."), 7);
    file.add_scalars(8, {{"step", 8},
                         {"loss", 0.5},
                         {"domain", {{"a", {{"loss", 2}}}}},
                         {"note", "text"},
                         {"norm", std::numeric_limits<double>::infinity()}});
  }
  const auto files = event_files(fixture.folder / ".");
  REQUIRE(files.size() == 1);
  const auto events = read_events(files[0]);
  REQUIRE(events.size() == 3);
  CHECK(
      events[0].ends_with("\x1a\x0d"
                          "brain.Event:2"));
  // Step 8, and session_log {status: START}.
  CHECK(events[1].substr(9) == std::string("\x10\x08\x3a\x02\x08\x01"));
  const std::string half("\x15\x00\x00\x00\x3f", 5);
  const std::string two("\x15\x00\x00\x00\x40", 5);
  const std::string values =
      "\x0a\x14\x0a\x0d"
      "domain/a/loss" +
      two + "\x0a\x0b\x0a\x04loss" + half;
  CHECK(events[2].substr(9) ==
        "\x10\x08\x2a" + std::string(1, static_cast<char>(values.size())) +
            values);
}

TEST_CASE("With --tensorboard, each session of a run writes one event file") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "2"}).status == 0);
  CHECK(event_files(run).empty());
  REQUIRE(fixture.train(run, {"--steps", "4", "--resume", "--tensorboard"})
              .status == 0);
  const auto files = event_files(run);
  REQUIRE(files.size() == 1);
  CHECK(read_events(files[0]).size() == 2 + 2);  // log-every is 1 here
  REQUIRE(fixture.train(run, {"--steps", "1", "--force"}).status == 0);
  CHECK(event_files(run).empty());
}
