// A piece is decoded together with one that precedes it, because the text of a
// piece depends on whether it is the first one: the space that it begins with
// is then dropped. Older ids are forgotten, so that the time per token does not
// depend on the length of the text.
#include "gato/rollout/streaming_decoder.h"

#include <string_view>

namespace gato::rollout {
namespace {

// The character that SentencePiece decodes incomplete characters to (U+FFFD).
constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

}  // namespace

std::string StreamingDecoder::unreturned_text() const {
  return encoder_->decode(ids_).substr(returned_bytes_);
}

std::string StreamingDecoder::push(int32_t id) {
  ids_.push_back(id);
  std::string text = unreturned_text();
  if (text.ends_with(kReplacementCharacter)) {
    return {};
  }
  if (!text.empty()) {
    ids_.erase(ids_.begin(), ids_.end() - 1);
    returned_bytes_ = encoder_->decode(ids_).size();
  }
  return text;
}

std::string StreamingDecoder::finish() {
  std::string text = unreturned_text();
  ids_.clear();
  returned_bytes_ = 0;
  return text;
}

}  // namespace gato::rollout
