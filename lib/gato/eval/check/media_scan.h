// One pass over the images or the texts of one field in one episode.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gato/data/array.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/check/text_coverage.h"

namespace gato::eval {

struct ImageScan {
  int64_t frames = 0;
  int64_t patches = 0;    // of the first image
  Occurrences one_color;  // frames whose pixels are all equal
  bool changes = false;   // any frame differs from the one before it
};

// Scans the first `frames` images of a column of role image. Throws
// Error(bad_input) if they are not images (see tokenize::to_image).
ImageScan scan_images(const data::Array& column, int64_t frames);

// Returns whether all pixels of an RGB image of this many pixels are equal.
bool is_one_color(const uint8_t* pixels, int64_t count);

struct TextScan {
  int64_t texts = 0;
  int64_t empty = 0;
  Occurrences not_utf8;  // `element` is the index of the byte
  bool changes = false;
  bool is_word = true;  // every text is a single word that contains a digit
  uint64_t first_digest = 0;  // of the first text
  TextTally tally;            // of the distinct consecutive texts
};

// Scans the first `count` texts. `coverage` is null if no text model is known.
TextScan scan_texts(const std::vector<std::string>& texts, int64_t count,
                    const TextCoverage* coverage);

}  // namespace gato::eval
