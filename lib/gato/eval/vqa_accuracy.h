// The accuracy of answers to questions about images, as the official evaluation
// script of VQA computes it (Antol et al. 2015, section 3).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gato::eval {

// Returns an answer without punctuation and articles, in lower case, with
// numbers as digits and apostrophes in contractions.
std::string normalize_vqa_answer(std::string_view answer);

// Returns the accuracy of an answer, in [0, 1]: the mean, over the given
// answers, of min(1, m / 3) for m of the other given answers equal to this
// one. Answers are normalized only if the given answers are not all equal.
// There is at least one given answer, usually there are ten.
double vqa_accuracy(std::string_view answer,
                    std::span<const std::string> given_answers);

}  // namespace gato::eval
