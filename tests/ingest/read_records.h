// Helpers for tests of readers of images with text.
#pragma once

#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/ingest/text/image_text.h"

namespace gato::test {

// Everything that a source returns: records, and the messages of Errors.
template <class Record>
struct RecordsAndErrors {
  std::vector<Record> records;
  std::vector<std::string> errors;
};

template <class Record>
RecordsAndErrors<Record> read_all_records(
    ingest::RecordSource<Record>& source) {
  RecordsAndErrors<Record> all;
  while (true) {
    try {
      auto record = source.next();
      if (!record) {
        return all;
      }
      all.records.push_back(std::move(*record));
    } catch (const base::Error& error) {
      all.errors.push_back(error.what());
    }
  }
}

// Returns a file in a tar archive (ustar), padded to blocks of 512 bytes.
inline std::string tar_member(const std::string& name,
                              const std::string& content) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  header.replace(124, 11, fmt::format("{:011o}", content.size()));
  header.replace(148, 8, "        ");
  header.replace(156, 1, "0");
  header.replace(257, 8,
                 std::string("ustar\0"
                             "00",
                             8));
  unsigned sum = 0;
  for (const unsigned char byte : header) {
    sum += byte;
  }
  header.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  return header + content +
         std::string((512 - content.size() % 512) % 512, '\0');
}

// Returns the color of the first pixel: "red", "blue", "gray" or "other".
inline std::string first_pixel_color(const ingest::StoredImage& image) {
  const data::Image pixels = image.decode();
  const auto is = [&pixels](int r, int g, int b) {
    return std::abs(pixels.pixels[0] - r) + std::abs(pixels.pixels[1] - g) +
               std::abs(pixels.pixels[2] - b) <
           12;
  };
  if (is(255, 0, 0)) {
    return "red";
  }
  if (is(0, 0, 255)) {
    return "blue";
  }
  if (is(128, 128, 128)) {
    return "gray";
  }
  return "other";
}

}  // namespace gato::test
