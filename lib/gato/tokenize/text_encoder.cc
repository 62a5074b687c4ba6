#include "gato/tokenize/text_encoder.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/signals.h"

// SentencePiece needs about 70 bytes of memory for each byte of a text. A long
// text is therefore encoded in windows that overlap. The pieces of a window
// differ from those of the complete text only near its ends, because a piece
// depends only on the text around it. So two windows are joined in the middle
// of a run of pieces that both of them contain. This does not depend on the
// language or on how the model treats white space.

namespace gato::tokenize {
namespace {

// The number of equal pieces that joins two windows.
constexpr size_t kJoiningPieces = 16;

// Returns the start of the character at `offset`. The bytes 10xxxxxx continue a
// character.
size_t start_of_character(std::string_view text, size_t offset) {
  while (offset > 0 && offset < text.size() &&
         (static_cast<uint8_t>(text[offset]) & 0xC0) == 0x80) {
    --offset;
  }
  return offset;
}

// Finds a run of kJoiningPieces pieces that are in both lists, which are sorted
// by their offsets, and returns the indices of the piece in the middle of it.
template <class Piece>
std::optional<std::pair<std::ptrdiff_t, std::ptrdiff_t>> find_join(
    const std::vector<Piece>& first, const std::vector<Piece>& second) {
  size_t i = 0, j = 0, run = 0;
  while (i < first.size() && j < second.size()) {
    if (first[i] == second[j]) {
      ++i;
      ++j;
      if (++run == kJoiningPieces) {
        return std::pair{static_cast<std::ptrdiff_t>(i - run / 2),
                         static_cast<std::ptrdiff_t>(j - run / 2)};
      }
      continue;
    }
    run = 0;
    const size_t begin = first[i].begin, other = second[j].begin;
    i += begin <= other;
    j += other <= begin;
  }
  return std::nullopt;
}

}  // namespace

struct TextEncoder::Impl {
  sentencepiece::SentencePieceProcessor processor;
  int32_t unk_id = -1;  // cached: the processor would look it up by name
};

TextEncoder::TextEncoder(const std::string& model_bytes)
    : impl_(std::make_unique<Impl>()) {
  // An empty string parses as a model without pieces, which crashes encoders.
  const auto status = impl_->processor.LoadFromSerializedProto(model_bytes);
  if (model_bytes.empty() || !status.ok() || size() == 0) {
    throw base::input_error(
        "not a SentencePiece model ({} bytes); train one with gato-tokenize "
        "vocab",
        model_bytes.size());
  }
  impl_->unk_id = impl_->processor.unk_id();
}

TextEncoder::~TextEncoder() = default;
TextEncoder::TextEncoder(TextEncoder&&) noexcept = default;

int32_t TextEncoder::size() const { return impl_->processor.GetPieceSize(); }

int32_t TextEncoder::eos_id() const {
  const int32_t id = impl_->processor.eos_id();
  if (id < 0) {
    throw base::input_error(
        "the SentencePiece model has no </s>, which marks the end of a "
        "document; train one that has it, for example with gato-tokenize "
        "vocab");
  }
  return id;
}

int32_t TextEncoder::unk_id() const { return impl_->unk_id; }

std::vector<int32_t> TextEncoder::ids_without_text() const {
  const auto& processor = impl_->processor;
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < size(); ++id) {
    if (processor.IsControl(id) || processor.IsUnused(id) ||
        processor.IsUnknown(id)) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::vector<TextEncoder::Piece> TextEncoder::encode_window(
    std::string_view text, size_t begin, size_t end) const {
  base::throw_if_stopped();
  sentencepiece::ImmutableSentencePieceText encoded;
  const auto status = impl_->processor.Encode(
      {text.data() + begin, end - begin}, encoded.mutable_proto());
  if (!status.ok()) {
    throw base::input_error("text: {}", status.ToString());
  }
  std::vector<Piece> pieces;
  pieces.reserve(encoded.pieces_size());
  for (size_t i = 0; i < encoded.pieces_size(); ++i) {
    const auto piece = encoded.pieces(static_cast<int>(i));
    pieces.push_back({static_cast<int32_t>(piece.id()), begin + piece.begin()});
  }
  return pieces;
}

void TextEncoder::encode(std::string_view text, std::vector<int32_t>& ids,
                         size_t window_bytes) const {
  if (text.size() > window_bytes) {
    return encode_in_windows(text, ids, window_bytes);
  }
  std::vector<int> pieces;
  const auto status =
      impl_->processor.Encode({text.data(), text.size()}, &pieces);
  if (!status.ok()) {
    throw base::input_error("text: {}", status.ToString());
  }
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

void TextEncoder::encode_in_windows(std::string_view text,
                                    std::vector<int32_t>& ids,
                                    size_t window_bytes) const {
  const auto append = [&ids](const auto& begin, const auto& end) {
    for (auto piece = begin; piece != end; ++piece) {
      ids.push_back(piece->id);
    }
  };
  size_t begin = 0;
  size_t end = start_of_character(text, window_bytes);
  std::vector<Piece> window = encode_window(text, begin, end);
  std::ptrdiff_t first = 0;  // index of the first piece to append
  while (end < text.size()) {
    const size_t overlap = (end - begin) / 16;
    const size_t next_begin = start_of_character(text, end - overlap);
    const size_t next_end = start_of_character(
        text, std::min(text.size(),
                       next_begin + std::max(window_bytes, 2 * overlap)));
    std::vector<Piece> next = encode_window(text, next_begin, next_end);
    const auto join = find_join(window, next);
    if (!join) {
      // The pieces of the overlap depend on where it begins, as those of "aaaa"
      // may. A longer window has a longer overlap. Its first pieces remain the
      // same.
      end = start_of_character(text, std::min(text.size(), 2 * end - begin));
      window = encode_window(text, begin, end);
      continue;
    }
    append(window.begin() + first, window.begin() + join->first);
    first = join->second;
    window = std::move(next);
    begin = next_begin;
    end = next_end;
  }
  append(window.begin() + first, window.end());
}

void TextEncoder::check_id(int32_t id) const {
  if (id < 0 || id >= size()) {
    throw base::input_error("id {} is not text: text ids are 0 to {}", id,
                            size() - 1);
  }
}

std::string TextEncoder::decode(std::span<const int32_t> ids) const {
  for (int32_t id : ids) {
    check_id(id);
  }
  std::string text;
  const auto status =
      impl_->processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
  if (!status.ok()) {
    throw base::input_error("text: {}", status.ToString());
  }
  return text;
}

std::string TextEncoder::piece(int32_t id) const {
  check_id(id);
  return impl_->processor.IdToPiece(id);
}

}  // namespace gato::tokenize
