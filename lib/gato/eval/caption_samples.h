// Captions that a model generated, alongside reference captions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gato/eval/html_page.h"

namespace gato::eval {

// An image and the caption that a model generated for it.
struct CaptionSample {
  std::filesystem::path image;
  std::string caption;
  std::vector<std::string> references;  // correct captions; empty if unknown
};

// Reads lines of JSON {"image": PATH, "caption": TEXT}; paths are relative to
// the directory of the file or to the working directory. `references` is a COCO
// captions file, in which images are looked up by their file names, or empty.
// Throws Error(io) if a file cannot be read, and Error(bad_input) if one is
// malformed.
std::vector<CaptionSample> read_caption_samples(
    const std::filesystem::path& captions,
    const std::filesystem::path& references);

// Samples whose caption equals one of their references, and samples that have
// references.
struct ExactMatchCounts {
  int64_t exact_matches = 0, with_references = 0;
};
ExactMatchCounts count_exact_matches(const std::vector<CaptionSample>& samples);

// Returns a section with the first `limit` images, embedded, each with its
// caption and, if that is wrong, a correct one. The text says how many of how
// many images are shown. Throws Error(io) if an image cannot be read, and
// Error(bad_input) if browsers cannot display its format.
HtmlSection caption_section(const std::vector<CaptionSample>& samples,
                            size_t limit);

}  // namespace gato::eval
