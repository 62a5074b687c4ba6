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

std::string train(const VocabularyTrainingOptions& training,
                  const std::vector<std::string>& texts) {
  size_t i = 0;
  return train_vocabulary(training,
                          [&]() -> std::optional<std::string> {
                            if (i == texts.size()) return std::nullopt;
                            return texts[i++];
                          })
      .serialized_model;
}

std::vector<std::string> sentences() {
  std::vector<std::string> texts;
  for (const char* colour : {"red", "green", "blue", "yellow"}) {
    for (const char* shape : {"square", "circle", "triangle", "cross"}) {
      texts.push_back(std::string("a ") + colour + " " + shape +
                      "\nabove the other " + shape);
    }
  }
  return texts;
}

VocabularyTrainingOptions of_size(int64_t size) {
  VocabularyTrainingOptions training;
  training.size = size;
  return training;
}

}  // namespace

TEST_CASE("the same text gives the same model, with an end mark") {
  for (const char* algorithm : {"unigram", "bpe"}) {
    VocabularyTrainingOptions training = of_size(24);
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

TEST_CASE("byte pieces leave no text unknown") {
  VocabularyTrainingOptions training = of_size(280);
  training.byte_fallback = true;
  const TextEncoder text(train(training, sentences()));
  std::vector<int32_t> ids;
  text.encode("naïve 漢字", ids);
  CHECK(text.decode(ids) == "naïve 漢字");
}

TEST_CASE("long lines are learned from in parts") {
  std::string line;
  for (int i = 0; i < 2000; ++i) line += "word another ";
  const std::string unbroken(10000, 'x');
  CHECK(TextEncoder(train(of_size(16), {line, unbroken})).size() == 16);
}

TEST_CASE("sizes that the text does not allow name those that it does") {
  CHECK_THROWS_WITH(train(of_size(5000), sentences()),
                    Contains("5000") && Contains("at most --size"));
  CHECK_THROWS_WITH(train(of_size(5), sentences()),
                    Contains("too few") && Contains("--size"));
  CHECK_THROWS_WITH(train(of_size(5), {}), Contains("no text"));
  CHECK_THROWS_WITH(train(of_size(5), {"", " \n"}), Contains("no text"));
}

TEST_CASE("an error of the source comes through") {
  int calls = 0;
  const auto failing = [&calls]() -> std::optional<std::string> {
    if (++calls == 3) throw base::input_error("line 3 is bad");
    return "some text";
  };
  CHECK_THROWS_WITH(train_vocabulary(of_size(20), failing), "line 3 is bad");
}

TEST_CASE("few of many sentences are drawn, the same for the same seed") {
  VocabularyTrainingOptions training = of_size(24);
  training.max_sentences = 16;
  const auto learn = [&training](int texts) {
    return train_vocabulary(
        training, [i = 0, texts]() mutable -> std::optional<std::string> {
          const std::vector<std::string> all = sentences();
          if (i == texts) return std::nullopt;
          return all[static_cast<size_t>(i++) % all.size()];
        });
  };
  const TrainedVocabulary first = learn(100);
  CHECK(first.sentence_count == 200);
  CHECK(first.unsampled_sentence_count == 184);
  CHECK(learn(100).serialized_model == first.serialized_model);
  training.seed = 1;
  CHECK(learn(100).serialized_model != first.serialized_model);

  training.max_sentences = 32;
  const TrainedVocabulary whole = learn(16);
  CHECK(whole.unsampled_sentence_count == 0);
  training.max_sentences = 0;
  CHECK(learn(16).serialized_model == whole.serialized_model);
  CHECK(learn(100).unsampled_sentence_count == 0);
}
