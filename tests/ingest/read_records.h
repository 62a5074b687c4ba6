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
      if (!record) return all;
      all.records.push_back(std::move(*record));
    } catch (const base::Error& error) {
      all.errors.push_back(error.what());
    }
  }
}

// Returns the color of the first pixel: "red", "blue", "gray" or "other".
inline std::string first_pixel_color(const ingest::StoredImage& image) {
  const data::Image pixels = image.decode();
  const auto is = [&pixels](int r, int g, int b) {
    return std::abs(pixels.pixels[0] - r) + std::abs(pixels.pixels[1] - g) +
               std::abs(pixels.pixels[2] - b) <
           12;
  };
  if (is(255, 0, 0)) return "red";
  if (is(0, 0, 255)) return "blue";
  if (is(128, 128, 128)) return "gray";
  return "other";
}

}  // namespace gato::test
