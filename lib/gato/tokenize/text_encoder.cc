#include "gato/tokenize/text_encoder.h"

#include <sentencepiece_processor.h>

#include "gato/base/error.h"

namespace gato::tokenize {

struct TextEncoder::Impl {
  sentencepiece::SentencePieceProcessor processor;
  int32_t unk_id = -1;  // which the processor would look up by its text
};

TextEncoder::TextEncoder(const std::string& model_bytes)
    : impl_(std::make_unique<Impl>()) {
  // An empty model parses as one without pieces, which no encoder survives.
  const auto status = impl_->processor.LoadFromSerializedProto(model_bytes);
  if (model_bytes.empty() || !status.ok() || size() == 0) {
    throw base::input_error(
        "the text model is not a SentencePiece model ({} bytes); make one with "
        "gato-tokenize vocab",
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
        "the text model has no </s>, so no text could end; train one that has, "
        "for example with gato-tokenize vocab");
  }
  return id;
}

int32_t TextEncoder::unk_id() const { return impl_->unk_id; }

void TextEncoder::encode(std::string_view text,
                         std::vector<int32_t>& ids) const {
  std::vector<int> pieces;
  const auto status =
      impl_->processor.Encode({text.data(), text.size()}, &pieces);
  if (!status.ok()) throw base::input_error("text: {}", status.ToString());
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

std::string TextEncoder::decode(std::span<const int32_t> ids) const {
  for (int32_t id : ids) {
    if (id < 0 || id >= size()) {
      throw base::input_error("id {} is no text: text ids are 0 to {}", id,
                              size() - 1);
    }
  }
  std::string text;
  const auto status =
      impl_->processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
  if (!status.ok()) throw base::input_error("text: {}", status.ToString());
  return text;
}

std::string TextEncoder::piece(int32_t id) const {
  if (id < 0 || id >= size()) {
    throw base::input_error("id {} is no text: text ids are 0 to {}", id,
                            size() - 1);
  }
  return impl_->processor.IdToPiece(id);
}

}  // namespace gato::tokenize
