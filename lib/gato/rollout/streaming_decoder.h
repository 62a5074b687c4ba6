// Text that is decoded while its tokens are generated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gato/tokenize/text_encoder.h"

namespace gato::rollout {

// Decodes tokens one at a time. The parts that it returns add up to what
// TextEncoder::decode() returns for all ids; each of them is valid UTF-8.
class StreamingDecoder {
 public:
  // `encoder` must outlive the stream.
  explicit StreamingDecoder(const tokenize::TextEncoder& encoder)
      : encoder_(&encoder) {}

  // Adds an id. Returns the text that it completes: nothing while the bytes of
  // a character are incomplete.
  std::string push(int32_t id);
  // Returns what is left at the end of the text.
  std::string finish();

 private:
  std::string unreturned_text() const;

  const tokenize::TextEncoder* encoder_;
  // The last ids. Of the text of all of them, the first returned_bytes_ bytes
  // have been returned.
  std::vector<int32_t> ids_;
  size_t returned_bytes_ = 0;
};

}  // namespace gato::rollout
