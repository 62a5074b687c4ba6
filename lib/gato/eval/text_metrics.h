// Metrics of generated captions, by the formulas of the COCO caption evaluation
// (Chen et al. 2015; the Python package pycocoevalcap).
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gato::eval {

using Words = std::vector<std::string>;

// Returns the words of a text: in lower case, with each of . ? ! , : ; ' " `
// ( ) { } [ ] - replaced by a space, split at white space. The tokenizer of the
// COCO evaluation differs for apostrophes and hyphens.
Words split_words(std::string_view text);

// A caption and the correct captions of its image, at least one.
struct CaptionWords {
  Words caption;
  std::vector<Words> references;
};

// Each function returns the metric of all captions, of which there is at least
// one, in [0, 1] unless it says otherwise.

// Returns BLEU-1 to BLEU-4 of the corpus (Papineni et al. 2002, section 2.3).
// The effective length of the references of a caption is the closest one, the
// shorter one in a tie.
std::array<double, 4> bleu(std::span<const CaptionWords> captions);
// Returns the mean ROUGE-L (Lin 2004, section 3.1) with beta 1.2, whose
// precision and recall are the largest ones over all references.
double rouge_l(std::span<const CaptionWords> captions);
// Returns the mean CIDEr-D in [0, 10] (Vedantam et al. 2015, section 7), with
// n-grams of up to 4 words and sigma 6. Document frequencies are those of the
// references.
double cider_d(std::span<const CaptionWords> captions);
// Returns the share of captions that equal one of their references.
double exact_match(std::span<const CaptionWords> captions);

}  // namespace gato::eval
