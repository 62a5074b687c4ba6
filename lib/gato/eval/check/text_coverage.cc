// Words are recognized by the pieces: SentencePiece marks the beginning of each
// by U+2581. Only words of ASCII letters are counted, because other scripts do
// not separate words by spaces, or are encoded as bytes.
#include "gato/eval/check/text_coverage.h"

#include <fmt/format.h>

#include <cctype>

namespace gato::eval {
namespace {

constexpr std::string_view kWordMark = "\xe2\x96\x81";
constexpr int64_t kMinWords = 20;

}  // namespace

TextTally& TextTally::operator+=(const TextTally& other) {
  pieces += other.pieces;
  unknown += other.unknown;
  words += other.words;
  known_words += other.known_words;
  return *this;
}

TextCoverage::TextCoverage(const tokenize::TextEncoder& encoder)
    : encoder_(encoder), unknown_id_(encoder.unk_id()) {
  pieces_.resize(static_cast<size_t>(encoder.size()));
  for (int32_t id = 0; id < encoder.size(); ++id) {
    Piece& piece = pieces_[static_cast<size_t>(id)];
    const std::string text = encoder.piece(id);
    std::string_view rest = text;
    if (rest.starts_with(kWordMark)) {
      piece.begins_word = true;
      rest.remove_prefix(kWordMark.size());
    }
    bool is_ascii = !rest.starts_with("<");  // <0x0A>, <unk> and </s>
    for (const unsigned char c : rest) {
      is_ascii &= c < 0x80;
      piece.letters += std::isalpha(c) != 0;
    }
    piece.is_punctuation = piece.letters == 0 && is_ascii && !rest.empty();
    if (!is_ascii) {
      piece.letters = -1;
    }
  }
}

void TextCoverage::add_text(std::string_view text, TextTally& tally) const {
  std::vector<int32_t> ids;
  encoder_.encode(text, ids);
  add_pieces(ids, tally);
}

void TextCoverage::add_pieces(std::span<const int32_t> ids,
                              TextTally& tally) const {
  int64_t letters = 0, pieces = 0;
  bool is_ascii = true;
  const auto end_word = [&] {
    if (is_ascii && letters >= 2) {
      ++tally.words;
      tally.known_words += pieces == 1;
    }
    letters = pieces = 0;
    is_ascii = true;
  };
  for (const int32_t id : ids) {
    if (id < 0 || id >= std::ssize(pieces_)) {
      continue;
    }
    ++tally.pieces;
    tally.unknown += id == unknown_id_;
    const Piece& piece = pieces_[static_cast<size_t>(id)];
    if (piece.begins_word || piece.is_punctuation) {
      end_word();
    }
    is_ascii &= piece.letters >= 0;
    if (piece.letters > 0) {
      letters += piece.letters;
      ++pieces;
    }
  }
  end_word();
}

void find_text_faults(const TextTally& tally, const std::string& key,
                      std::vector<Finding>& findings) {
  if (tally.unknown > 0) {
    findings.push_back(
        {Severity::warning, "unknown_pieces", key,
         fmt::format(
             "{} of {} pieces of its text {} unknown to the SentencePiece "
             "model: the text that they stand for is lost; train a model on "
             "such text, or with --byte-fallback on",
             tally.unknown, tally.pieces, tally.unknown == 1 ? "is" : "are"),
         tally.unknown});
  }
  if (tally.words >= kMinWords && tally.known_words == 0) {
    findings.push_back(
        {Severity::warning, "text_vocabulary", key,
         fmt::format("none of its {} words is a piece of the SentencePiece "
                     "model, which was trained on other text: gato-tokenize "
                     "vocab trains one on this text",
                     tally.words),
         tally.words});
  }
}

}  // namespace gato::eval
