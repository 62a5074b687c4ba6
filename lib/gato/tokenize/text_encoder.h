// Text to SentencePiece pieces and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gato::tokenize {

// Pieces in order, without begin mark or sampling. Safe to share by threads.
class TextEncoder {
 public:
  // The bytes of a SentencePiece model; Error (bad_input) where they are none.
  explicit TextEncoder(const std::string& model_bytes);
  ~TextEncoder();
  TextEncoder(TextEncoder&&) noexcept;

  int32_t size() const;  // V
  // The id of </s>; Error (bad_input) where the model has none.
  int32_t eos_id() const;
  // The id of what no piece stands for; models with byte fallback have it, and
  // never use it.
  int32_t unk_id() const;
  // Appends the ids of `text`, no end mark.
  void encode(std::string_view text, std::vector<int32_t>& ids) const;
  // Ids in [0, V), else Error (bad_input); the end mark gives no text.
  std::string decode(std::span<const int32_t> ids) const;
  std::string piece(int32_t id) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::tokenize
