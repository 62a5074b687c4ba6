#include "gato/tokenize/text_encoder.h"

#include <sentencepiece_processor.h>

#include "gato/base/error.h"

namespace gato::tokenize {

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
        "the text model has no </s>, which marks the end of a text; train one "
        "that has it, for example with gato-tokenize vocab");
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

void TextEncoder::check_id(int32_t id) const {
  if (id < 0 || id >= size()) {
    throw base::input_error("id {} is not text: text ids are 0 to {}", id,
                            size() - 1);
  }
}

std::string TextEncoder::decode(std::span<const int32_t> ids) const {
  for (int32_t id : ids) check_id(id);
  std::string text;
  const auto status =
      impl_->processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
  if (!status.ok()) throw base::input_error("text: {}", status.ToString());
  return text;
}

std::string TextEncoder::piece(int32_t id) const {
  check_id(id);
  return impl_->processor.IdToPiece(id);
}

}  // namespace gato::tokenize
