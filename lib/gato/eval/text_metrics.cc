// The reference implementation has constants and special cases that are part of
// the result: the terms that keep a ratio from being 0/0 in BLEU, the text
// without words that has one empty word in ROUGE-L, and the length of a caption
// in CIDEr-D, which is its number of pairs of words.
#include "gato/eval/text_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "gato/eval/letter_case.h"

namespace gato::eval {
namespace {

constexpr size_t kMaxOrder = 4;  // of n-grams

// The n-grams of a text and how often each occurs. Those of n words are in
// element n - 1. Words are joined by spaces, which they do not contain.
using NgramCounts = std::array<std::map<std::string, int64_t>, kMaxOrder>;

NgramCounts count_ngrams(const Words& words) {
  NgramCounts counts;
  for (size_t begin = 0; begin < words.size(); ++begin) {
    std::string ngram;
    for (size_t n = 0; n < kMaxOrder && begin + n < words.size(); ++n) {
      ngram += (n > 0 ? " " : "") + words[begin + n];
      ++counts[n][ngram];
    }
  }
  return counts;
}

std::vector<NgramCounts> count_ngrams(const std::vector<Words>& texts) {
  std::vector<NgramCounts> counts;
  counts.reserve(texts.size());
  for (const Words& text : texts) {
    counts.push_back(count_ngrams(text));
  }
  return counts;
}

// Returns the number of n-grams of n = order + 1 words in `counts` that the
// references have too, each counted at most as often as in one of them.
int64_t count_matches(const NgramCounts& counts,
                      const std::vector<NgramCounts>& references,
                      size_t order) {
  int64_t matches = 0;
  for (const auto& [ngram, count] : counts[order]) {
    int64_t max_count = 0;
    for (const NgramCounts& reference : references) {
      const auto found = reference[order].find(ngram);
      if (found != reference[order].end()) {
        max_count = std::max(max_count, found->second);
      }
    }
    matches += std::min(count, max_count);
  }
  return matches;
}

int64_t closest_length(int64_t length, const std::vector<Words>& references) {
  const auto closeness = [length](const Words& words) {
    const int64_t size = std::ssize(words);
    return std::pair(std::abs(size - length), size);
  };
  return std::ssize(std::ranges::min(references, {}, closeness));
}

// Returns the length of the longest common subsequence.
int64_t common_subsequence_length(const Words& a, const Words& b) {
  std::vector<int64_t> lengths(b.size() + 1);  // of a prefix of a and b[0, j)
  for (const std::string& word : a) {
    int64_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t above = lengths[j + 1];
      lengths[j + 1] =
          word == b[j] ? diagonal + 1 : std::max(above, lengths[j]);
      diagonal = above;
    }
  }
  return lengths.back();
}

double rouge_l(const CaptionWords& caption) {
  constexpr double kBetaSquared = 1.2 * 1.2;
  const auto or_empty_word = [](const Words& words) {
    return words.empty() ? Words{""} : words;
  };
  const Words words = or_empty_word(caption.caption);
  double precision = 0, recall = 0;
  for (const Words& text : caption.references) {
    const Words reference = or_empty_word(text);
    const auto common =
        static_cast<double>(common_subsequence_length(words, reference));
    precision = std::max(precision, common / static_cast<double>(words.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision == 0 || recall == 0) {
    return 0;
  }
  return (1 + kBetaSquared) * precision * recall /
         (recall + kBetaSquared * precision);
}

// A text as vectors of n-grams, one per n, weighted by term frequency and
// inverse document frequency.
struct WeightedNgrams {
  std::array<std::map<std::string, double>, kMaxOrder> weights;
  std::array<double, kMaxOrder> norms{};
  int64_t length = 0;
};

class CiderScorer {
 public:
  explicit CiderScorer(std::span<const CaptionWords> captions)
      : log_captions_(std::log(static_cast<double>(captions.size()))) {
    for (const CaptionWords& caption : captions) {
      NgramCounts in_references;
      for (const Words& reference : caption.references) {
        for (NgramCounts counts = count_ngrams(reference);
             const size_t n : {0, 1, 2, 3}) {
          in_references[n].merge(counts[n]);
        }
      }
      for (const auto& ngrams : in_references) {
        for (const auto& [ngram, count] : ngrams) {
          ++document_frequency_[ngram];
        }
      }
    }
  }

  double score(const CaptionWords& caption) const {
    const WeightedNgrams candidate = weight(caption.caption);
    double total = 0;
    for (const Words& reference : caption.references) {
      total += similarity(candidate, weight(reference));
    }
    return 10 * total /
           static_cast<double>(kMaxOrder * caption.references.size());
  }

 private:
  WeightedNgrams weight(const Words& words) const {
    WeightedNgrams result;
    const NgramCounts counts = count_ngrams(words);
    for (size_t n = 0; n < kMaxOrder; ++n) {
      double squares = 0;
      for (const auto& [ngram, count] : counts[n]) {
        const auto found = document_frequency_.find(ngram);
        const double log_frequency =
            found == document_frequency_.end()
                ? 0
                : std::log(static_cast<double>(found->second));
        const double value =
            static_cast<double>(count) * (log_captions_ - log_frequency);
        result.weights[n].emplace(ngram, value);
        squares += value * value;
        result.length += n == 1 ? count : 0;
      }
      result.norms[n] = std::sqrt(squares);
    }
    return result;
  }

  // Returns the sum over n of the clipped cosine similarity.
  static double similarity(const WeightedNgrams& candidate,
                           const WeightedNgrams& reference) {
    constexpr double kSigma = 6;
    const auto difference =
        static_cast<double>(candidate.length - reference.length);
    const double penalty =
        std::exp(-difference * difference / (2 * kSigma * kSigma));
    double total = 0;
    for (size_t n = 0; n < kMaxOrder; ++n) {
      double product = 0;
      for (const auto& [ngram, value] : candidate.weights[n]) {
        const auto found = reference.weights[n].find(ngram);
        if (found != reference.weights[n].end()) {
          product += std::min(value, found->second) * found->second;
        }
      }
      if (candidate.norms[n] != 0 && reference.norms[n] != 0) {
        product /= candidate.norms[n] * reference.norms[n];
      }
      total += product * penalty;
    }
    return total;
  }

  const double log_captions_;
  std::unordered_map<std::string, int64_t> document_frequency_;
};

template <class Score>
double mean_score(std::span<const CaptionWords> captions, Score score) {
  double total = 0;
  for (const CaptionWords& caption : captions) {
    total += score(caption);
  }
  return total / static_cast<double>(captions.size());
}

}  // namespace

Words split_words(std::string_view text) {
  constexpr std::string_view kPunctuation = ".?!,:;'\"`(){}[]-";
  std::string spaced = to_lower_case(text);
  for (char& c : spaced) {
    if (kPunctuation.find(c) != std::string_view::npos) {
      c = ' ';
    }
  }
  return split_at_white_space(spaced);
}

std::array<double, 4> bleu(std::span<const CaptionWords> captions) {
  constexpr double kSmall = 1e-9, kTiny = 1e-15;
  std::array<int64_t, kMaxOrder> matches{}, guesses{};
  int64_t length = 0, reference_length = 0;
  for (const CaptionWords& caption : captions) {
    const int64_t size = std::ssize(caption.caption);
    length += size;
    reference_length += closest_length(size, caption.references);
    const NgramCounts counts = count_ngrams(caption.caption);
    const std::vector<NgramCounts> references =
        count_ngrams(caption.references);
    for (size_t n = 0; n < kMaxOrder; ++n) {
      guesses[n] += std::max<int64_t>(0, size - static_cast<int64_t>(n));
      matches[n] += count_matches(counts, references, n);
    }
  }
  const double ratio = (static_cast<double>(length) + kTiny) /
                       (static_cast<double>(reference_length) + kSmall);
  const double brevity_penalty = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
  std::array<double, kMaxOrder> scores{};
  double product = 1;
  for (size_t n = 0; n < kMaxOrder; ++n) {
    product *= (static_cast<double>(matches[n]) + kTiny) /
               (static_cast<double>(guesses[n]) + kSmall);
    scores[n] =
        std::pow(product, 1 / static_cast<double>(n + 1)) * brevity_penalty;
  }
  return scores;
}

double rouge_l(std::span<const CaptionWords> captions) {
  return mean_score(
      captions, [](const CaptionWords& caption) { return rouge_l(caption); });
}

double cider_d(std::span<const CaptionWords> captions) {
  const CiderScorer scorer(captions);
  return mean_score(captions, [&scorer](const CaptionWords& caption) {
    return scorer.score(caption);
  });
}

double exact_match(std::span<const CaptionWords> captions) {
  return mean_score(captions, [](const CaptionWords& caption) {
    return std::ranges::count(caption.references, caption.caption) > 0 ? 1.0
                                                                       : 0.0;
  });
}

}  // namespace gato::eval
