// Sections that a score report may carry beside the scores.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gato/eval/html_page.h"

namespace gato::eval {

// The loss over the steps of a training run, from its metrics.jsonl: lines of
// JSON, of which those with numbers "step" and "loss" are drawn, averaged to a
// few hundred points. Errors: io, bad_input.
HtmlSection training_section(const std::filesystem::path& metrics_file);

// What a model said of a picture.
struct CaptionSample {
  std::filesystem::path image;
  std::string caption;
  std::vector<std::string> references;  // right answers; empty where unknown
};

// Lines of JSON {"image": PATH, "caption": TEXT}; a path is relative to the
// file's directory or to the working directory. `references`, may be empty, is
// a COCO captions file; pictures are found in it by their file names. Errors:
// io, bad_input.
std::vector<CaptionSample> read_caption_samples(
    const std::filesystem::path& captions,
    const std::filesystem::path& references);

// Samples whose caption is one of their references, and those that have any.
struct ExactMatchCounts {
  int64_t exact_matches = 0, with_references = 0;
};
ExactMatchCounts count_exact_matches(const std::vector<CaptionSample>& samples);

// The first `limit` pictures, embedded, each with its caption, and under a
// wrong one the right one; the text says how many they are of how many.
HtmlSection caption_section(const std::vector<CaptionSample>& samples,
                            size_t limit);

}  // namespace gato::eval
