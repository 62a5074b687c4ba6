#include "gato/rollout/streaming_decoder.h"

#include "catch.h"
#include "gato/base/random.h"
#include "gato/tokenize/vocabulary_training.h"

namespace gato::rollout {
namespace {

class OneText : public tokenize::TextStream {
 public:
  std::optional<std::string> next() override {
    return std::exchange(text_, std::nullopt);
  }

 private:
  std::optional<std::string> text_ =
      "a red circle left of a blue square\n"
      "the cat and the dog are above it";
};

tokenize::TextEncoder train_encoder_with_bytes() {
  tokenize::VocabularyTrainingOptions options;
  options.size = 300;
  options.algorithm = "bpe";
  options.byte_fallback = true;
  options.is_soft_limit = true;
  OneText text;
  return tokenize::TextEncoder(
      tokenize::train_vocabulary(options, text).serialized_model);
}

std::string stream_all(const tokenize::TextEncoder& encoder,
                       const std::vector<int32_t>& ids) {
  StreamingDecoder stream(encoder);
  std::string text;
  for (const int32_t id : ids) {
    text += stream.push(id);
  }
  return text + stream.finish();
}

}  // namespace

TEST_CASE("Streamed text equals the text decoded at once") {
  const tokenize::TextEncoder encoder = train_encoder_with_bytes();
  for (const std::string text :
       {"a red circle", "the café costs 5 € 😀😀 ok", "猫と犬", ""}) {
    std::vector<int32_t> ids;
    encoder.encode(text, ids);
    CHECK(stream_all(encoder, ids) == text);
  }
  // Random ids contain bytes that are not UTF-8.
  base::RandomStream random(1, {2});
  for (int i = 0; i < 100; ++i) {
    std::vector<int32_t> ids;
    for (int j = 0; j < 30; ++j) {
      ids.push_back(static_cast<int32_t>(
          random.uniform_int(static_cast<uint64_t>(encoder.size()))));
    }
    CHECK(stream_all(encoder, ids) == encoder.decode(ids));
  }
}

TEST_CASE("A character appears when its last byte does") {
  const tokenize::TextEncoder encoder = train_encoder_with_bytes();
  std::vector<int32_t> ids;
  encoder.encode("a€", ids);
  StreamingDecoder stream(encoder);
  std::vector<std::string> parts;
  for (const int32_t id : ids) {
    parts.push_back(stream.push(id));
  }
  CHECK(parts.front() == "a");
  CHECK(parts.back() == "€");
}

}  // namespace gato::rollout
