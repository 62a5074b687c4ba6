#include "gato/eval/text_metrics.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gato/base/file_io.h"
#include "gato/eval/vqa_accuracy.h"

namespace gato::eval {
namespace {

using nlohmann::json;

// The scores of the reference implementations (text_metrics_reference.py).
const json& reference_scores() {
  static const json scores = json::parse(
      base::read_file(GATO_SOURCE_DIR "/tests/reference/text_metrics.json"));
  return scores;
}

Approx exactly(const json& value) {
  return Approx(value.get<double>()).epsilon(1e-9).margin(1e-12);
}

std::vector<CaptionWords> captions_of(const json& group) {
  std::vector<CaptionWords> captions;
  for (const json& caption : group["captions"]) {
    CaptionWords& words = captions.emplace_back();
    words.caption = split_words(caption["text"].get<std::string>());
    for (const json& reference : caption["references"]) {
      words.references.push_back(split_words(reference.get<std::string>()));
    }
  }
  return captions;
}

}  // namespace

TEST_CASE("Words are those of the reference") {
  size_t count = 0;
  for (const json& group : reference_scores()["captions"]) {
    for (const json& caption : group["captions"]) {
      INFO(caption);
      CHECK(split_words(caption["text"].get<std::string>()) ==
            caption["words"].get<Words>());
      ++count;
    }
  }
  CHECK(count > 50);
}

TEST_CASE("Metrics of captions equal those of the COCO evaluation") {
  for (const json& group : reference_scores()["captions"]) {
    const std::vector<CaptionWords> captions = captions_of(group);
    INFO(captions.size() << " captions");
    const auto bleu_scores = bleu(captions);
    for (size_t n = 0; n < bleu_scores.size(); ++n) {
      CHECK(bleu_scores[n] == exactly(group["bleu"][n]));
    }
    CHECK(rouge_l(captions) == exactly(group["rouge_l"]));
    CHECK(cider_d(captions) == exactly(group["cider_d"]));
    CHECK(exact_match(captions) == exactly(group["exact"]));
    for (size_t i = 0; i < captions.size(); ++i) {
      INFO(group["captions"][i]);
      CHECK(rouge_l({&captions[i], 1}) == exactly(group["rouge_l_each"][i]));
    }
  }
}

TEST_CASE("The accuracy of answers equals that of the script of VQA") {
  const json& answers = reference_scores()["answers"];
  CHECK(answers.size() > 50);
  for (const json& answer : answers) {
    INFO(answer);
    const auto text = answer["answer"].get<std::string>();
    CHECK(normalize_vqa_answer(text) == answer["normalized"]);
    CHECK(vqa_accuracy(text, answer["given"].get<std::vector<std::string>>()) ==
          exactly(answer["accuracy"]));
  }
}

TEST_CASE("Bytes that are not UTF-8 are words, too") {
  CHECK(split_words("A\xFF b") == Words{"a\xEF\xBF\xBD", "b"});
}

}  // namespace gato::eval
