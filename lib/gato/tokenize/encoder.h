// Values to tokens and back (paper 2.1, appendix B).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/tokens.h"
#include "gato/data/vocabulary.h"

namespace gato {

// --- continuous values -----------------------------------------------------
// sgn(x) ln(100|x|+1) / ln(256*100+1), in float64, not clipped.
double compand(double x);
double expand(double y);  // its inverse
// min(1023, floor((clip(y)+1)/2*1024)), y in [-1, 1]; y must not be NaN.
int32_t bin_of(double y);
double bin_centre(int32_t bin);  // (2k+1)/1024 - 1

// --- text ------------------------------------------------------------------
// SentencePiece pieces in order, no begin mark, no sampling.
class TextEncoder {
 public:
  // The bytes of a SentencePiece model; Error (bad_input) where they are none.
  explicit TextEncoder(const std::string& model_bytes);
  ~TextEncoder();
  int32_t size() const;         // V
  int32_t end_of_text() const;  // id of </s>; Error (bad_input) where it has none
  void encode(std::string_view text, std::vector<int32_t>& ids) const;  // appends
  std::string decode(std::span<const int32_t> ids) const;
  std::string piece(int32_t id) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// --- images ----------------------------------------------------------------
struct Resize {
  int height = 0, width = 0;  // 0: as it is
};
// An array that is an image by role, as RGB: 1 channel grey, 3 RGB, another
// multiple of 3 a stack of RGB frames, any other a stack of grey frames;
// [F,H,W,C] is a stack; the newest, last frame is taken. The smallest extent is
// the channels (ties: last).
Image image_of(const Array& array);
// Appends one patch token per 16x16 patch in raster order, padding right and
// bottom with zeros; grows document.images and document.patches.
void encode_image(const Image& image, TokenizedDocument& document);
Image resize_by_area(const Image& image, const Resize& resize);

// --- one time step ---------------------------------------------------------
// Allowed ids of one action token: [begin, end).
struct IdRange {
  int32_t begin = 0, end = 0;
};

// The order of a time step: text, images, discrete, continuous observations;
// the separator; discrete, continuous actions.
class StepEncoder {
 public:
  // `text` may be null where the spec has no text field. Error (bad_input)
  // where an action is text or an image.
  StepEncoder(TaskSpec spec, const Vocabulary& vocabulary,
              const TextEncoder* text, Resize resize = {});

  const TaskSpec& spec() const;
  // Appends the observation tokens and the separator. The Error of a NaN or of
  // a discrete value beyond 1023 names the key and the value.
  void encode_observation(const Values& observation,
                          TokenizedDocument& document) const;
  // Appends the action tokens; `labels` (the expert's action, or null) goes to
  // document.labels, which the caller keeps as long as tokens.
  void encode_action(const Values& action, const Values* label,
                     TokenizedDocument& document) const;
  int64_t action_tokens() const;
  const std::vector<IdRange>& action_ranges() const;  // one a token
  Modality action_modality(int64_t i) const;
  // ids.size() == action_tokens(), each within its range.
  Values decode_action(std::span<const int32_t> ids) const;
  // For gato-info --decode: one observation's numeric fields back as values;
  // `tokens` are those of a step. Text fields come back as text.
  // (images are described, not rebuilt)

 private:
  TaskSpec spec_;
  Vocabulary vocabulary_;
  const TextEncoder* text_;
  Resize resize_;
  std::vector<IdRange> action_ranges_;
};

// Row t of every column.
Values values_at(const std::vector<Column>& columns, int64_t t);

// A whole episode: T steps; the observation after the last action is left out.
TokenizedDocument encode_episode(const Episode& episode,
                                 const StepEncoder& encoder);
// Text ends with </s>, once, after the last piece.
TokenizedDocument encode_document(const Document& document,
                                  const Vocabulary& vocabulary,
                                  const TextEncoder& text, Resize resize = {});

}  // namespace gato
