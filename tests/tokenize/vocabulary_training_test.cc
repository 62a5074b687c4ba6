#include "gato/tokenize/vocabulary_training.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "gato/base/error.h"
#include "gato/tokenize/text_encoder.h"

using namespace gato;
using namespace gato::tokenize;
using Catch::Matchers::Contains;

namespace {

// Returns the first `count` texts of a list that is repeated without end.
class RepeatedTexts : public TextStream {
 public:
  RepeatedTexts(std::vector<std::string> texts, size_t count)
      : texts_(std::move(texts)), count_(count) {}
  std::optional<std::string> next() override {
    if (next_ == count_) {
      return std::nullopt;
    }
    return texts_[next_++ % texts_.size()];
  }

 private:
  std::vector<std::string> texts_;
  size_t count_, next_ = 0;
};

// Throws at the third text.
class FailingTexts : public TextStream {
 public:
  std::optional<std::string> next() override {
    if (++calls_ == 3) {
      throw base::input_error("line 3 is bad");
    }
    return "some text";
  }

 private:
  int calls_ = 0;
};

std::string train(const VocabularyTrainingOptions& training,
                  const std::vector<std::string>& texts) {
  RepeatedTexts stream(texts, texts.size());
  return train_vocabulary(training, stream).serialized_model;
}

std::vector<std::string> sentences() {
  std::vector<std::string> texts;
  for (const char* color : {"red", "green", "blue", "yellow"}) {
    for (const char* shape : {"square", "circle", "triangle", "cross"}) {
      texts.push_back(std::string("a ") + color + " " + shape +
                      "\nabove the other " + shape);
    }
  }
  return texts;
}

VocabularyTrainingOptions options_of_size(int64_t size) {
  VocabularyTrainingOptions training;
  training.size = size;
  return training;
}

}  // namespace

TEST_CASE("The same text gives the same model, with an end-of-text piece") {
  for (const char* algorithm : {"unigram", "bpe"}) {
    VocabularyTrainingOptions training = options_of_size(24);
    training.algorithm = algorithm;
    const std::string model = train(training, sentences());
    CHECK(model == train(training, sentences()));
    const TextEncoder text(model);
    CHECK(text.size() == 24);
    CHECK(text.eos_id() == 1);
    CHECK(text.piece(0) == "<unk>");
    std::vector<int32_t> ids;
    text.encode("a red circle", ids);
    CHECK(text.decode(ids) == "a red circle");
  }
}

TEST_CASE("With byte pieces no text is unknown") {
  VocabularyTrainingOptions training = options_of_size(280);
  training.byte_fallback = true;
  const TextEncoder text(train(training, sentences()));
  std::vector<int32_t> ids;
  text.encode("naïve 漢字", ids);
  CHECK(text.decode(ids) == "naïve 漢字");
}

TEST_CASE("Long lines are split into sentences") {
  std::string line;
  for (int i = 0; i < 2000; ++i) {
    line += "word another ";
  }
  const std::string unbroken(10000, 'x');
  CHECK(TextEncoder(train(options_of_size(16), {line, unbroken})).size() == 16);
}

TEST_CASE("The error for an impossible size names the possible sizes") {
  CHECK_THROWS_WITH(train(options_of_size(5000), sentences()),
                    Contains("5000") && Contains("at most --size"));
  CHECK_THROWS_WITH(train(options_of_size(5), sentences()),
                    Contains("too few") && Contains("--size"));
  CHECK_THROWS_WITH(train(options_of_size(5), {}), Contains("no text"));
  CHECK_THROWS_WITH(train(options_of_size(5), {"", " \n"}),
                    Contains("no text"));
}

TEST_CASE("With a soft limit, the text decides how many pieces there are") {
  for (const char* algorithm : {"unigram", "bpe"}) {
    VocabularyTrainingOptions options = options_of_size(5000);
    options.algorithm = algorithm;
    options.is_soft_limit = true;
    const int64_t size = TextEncoder(train(options, sentences())).size();
    CHECK(size < 5000);
    // The largest size that is possible without the soft limit.
    options.is_soft_limit = false;
    options.size = size;
    CHECK(TextEncoder(train(options, sentences())).size() == size);
    options.size = size + 1;
    CHECK_THROWS_WITH(train(options, sentences()), Contains("at most"));
  }
}

TEST_CASE("An error of the text stream is passed on") {
  FailingTexts texts;
  CHECK_THROWS_WITH(train_vocabulary(options_of_size(20), texts),
                    "line 3 is bad");
}

TEST_CASE("A seed determines which of too many sentences are sampled") {
  VocabularyTrainingOptions training = options_of_size(24);
  training.max_sentences = 16;
  const auto learn = [&training](size_t count) {
    RepeatedTexts texts(sentences(), count);
    return train_vocabulary(training, texts);
  };
  const TrainedVocabulary first = learn(100);
  CHECK(first.sentence_count == 200);
  CHECK(first.unsampled_sentence_count == 184);
  CHECK(learn(100).serialized_model == first.serialized_model);
  training.seed = 1;
  CHECK(learn(100).serialized_model != first.serialized_model);

  training.max_sentences = 32;
  const TrainedVocabulary all = learn(16);
  CHECK(all.unsampled_sentence_count == 0);
  training.max_sentences = 0;
  CHECK(learn(16).serialized_model == all.serialized_model);
  CHECK(learn(100).unsampled_sentence_count == 0);
}
