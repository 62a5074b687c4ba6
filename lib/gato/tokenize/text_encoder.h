// Encodes text as SentencePiece pieces, and decodes it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gato::tokenize {

// A SentencePiece model. Texts get no begin-of-text or end-of-text piece, and
// their pieces are not sampled. Thread-safe.
class TextEncoder {
 public:
  // Throws Error(bad_input) if the bytes are not a SentencePiece model.
  explicit TextEncoder(const std::string& model_bytes);
  ~TextEncoder();
  TextEncoder(TextEncoder&&) noexcept;

  int32_t size() const;  // V, the number of pieces
  // Returns the id of </s>. Throws Error(bad_input) if the model has none.
  int32_t eos_id() const;
  // Returns the id of <unk>, which represents text that no piece covers. Models
  // with byte fallback have it, but never produce it.
  int32_t unk_id() const;
  // Returns the ids that represent no text: control pieces, </s> among them,
  // unused pieces and the unknown piece.
  std::vector<int32_t> ids_without_text() const;
  // Longer texts are encoded in windows of this size, in bytes.
  static constexpr size_t kWindowBytes = size_t{1} << 20;
  // Appends the ids of `text`, without </s>. The memory needed, in addition to
  // the ids, is a multiple of `window_bytes`, unless the same few characters
  // are repeated over more bytes than that. Throws StoppedBySignal
  // (base/signals.h) between two windows if a signal has been received.
  void encode(std::string_view text, std::vector<int32_t>& ids,
              size_t window_bytes = kWindowBytes) const;
  // Returns the text of the ids; that of </s> is empty. Throws Error(bad_input)
  // if an id is not in [0, V).
  std::string decode(std::span<const int32_t> ids) const;
  // Returns the piece of an id. Throws Error(bad_input) as decode() does.
  std::string piece(int32_t id) const;

 private:
  struct Piece {
    int32_t id;
    size_t begin;  // offset in the text
    bool operator==(const Piece&) const = default;
  };

  void check_id(int32_t id) const;
  // Returns the pieces of text[begin, end), with offsets in `text`. Throws
  // StoppedBySignal if a signal has been received.
  std::vector<Piece> encode_window(std::string_view text, size_t begin,
                                   size_t end) const;
  void encode_in_windows(std::string_view text, std::vector<int32_t>& ids,
                         size_t window_bytes) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::tokenize
