#include "gato/eval/text_examples.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"

namespace gato::eval {
namespace {

using Catch::Contains;
using nlohmann::json;
using test::TestDirectory;
using test::thrown_error;

struct Files {
  TestDirectory directory;

  std::filesystem::path write(const std::string& name,
                              const std::string& text) const {
    base::write_file(directory / name, text, /*force=*/true);
    return directory / name;
  }
  // Writes JSON lines.
  std::filesystem::path write_lines(const std::string& name,
                                    const std::vector<json>& lines) const {
    std::string text;
    for (const json& line : lines) {
      text += line.dump() + "\n";
    }
    return write(name, text);
  }
  std::filesystem::path captions() const {
    return write("captions.json", R"({"images": [], "annotations": [
      {"id": 1, "image_id": 7, "caption": "a cat"},
      {"id": 2, "image_id": 8, "caption": "a dog"},
      {"id": 3, "image_id": 7, "caption": "the Cat!"}]})");
  }
  std::filesystem::path questions() const {
    return write("questions.json", R"({"questions": [
      {"question_id": 1, "image_id": 7, "question": "what?"},
      {"question_id": 2, "image_id": 7, "question": "who?"},
      {"question_id": 3, "image_id": 7, "question": "what?"}]})");
  }
  std::filesystem::path annotations() const {
    return write("annotations.json", R"({"annotations": [
      {"question_id": 2, "answers": [{"answer": "me"}, {"answer": "me"},
                                     {"answer": "me"}, {"answer": "I"}]},
      {"question_id": 1, "answers": [{"answer": "red"}]},
      {"question_id": 3, "answers": [{"answer": "blue"}]}]})");
  }
};

json answer_line(const std::string& question, const std::string& answer) {
  return {{"image", "x/COCO_val2014_000000000007.jpg"},
          {"question", question},
          {"answer", answer}};
}

}  // namespace

TEST_CASE("A caption gets the references of its image") {
  const Files files;
  const TextExamples texts = read_caption_examples(
      files.captions(),
      files.write_lines("predictions.jsonl",
                        {{{"image", "a9/COCO_val2014_000000000007.jpg"},
                          {"caption", "The cat"}}}));
  REQUIRE(texts.examples.size() == 1);
  CHECK(texts.examples[0].text == "The cat");
  CHECK(texts.examples[0].references ==
        std::vector<std::string>{"a cat", "the Cat!"});
  CHECK(texts.without_prediction == 1);
  const auto report = score_captions(texts.examples);
  CHECK(report["n"] == 1);
  CHECK(report["exact"] == 1);
  CHECK(report["bleu_1"] == Approx(1));
  CHECK(report["vqa_accuracy"].is_null());
}

TEST_CASE("An answer gets the given answers to its question") {
  const Files files;
  const TextExamples texts = read_answer_examples(
      files.annotations(), files.questions(),
      files.write_lines("predictions.jsonl",
                        {answer_line("what?", "red"), answer_line("who?", "Me"),
                         answer_line("what?", "blue")}));
  REQUIRE(texts.examples.size() == 3);
  CHECK(texts.examples[2].references == std::vector<std::string>{"blue"});
  CHECK(texts.without_prediction == 0);
  const auto report = score_answers(texts.examples);
  CHECK(report["n"] == 3);
  CHECK(report["exact"] == 1);
  // A single given answer leaves no others to agree with.
  CHECK(report["vqa_accuracy"] == Approx((0 + (3 * 2. / 3 + 1) / 4 + 0) / 3));
  CHECK(report["bleu_4"].is_null());
  CHECK(report["cider_d"].is_null());
}

TEST_CASE("Captions that have no references, or too many lines, are errors") {
  const Files files;
  const auto error = [&](const std::vector<json>& lines) {
    return thrown_error([&] {
      read_caption_examples(files.captions(),
                            files.write_lines("predictions.jsonl", lines));
    });
  };
  const auto caption = [](const std::string& image) {
    return json{{"image", image}, {"caption", "a cat"}};
  };
  CHECK(error({}).status() == base::ExitStatus::bad_input);
  const base::Error unknown = error({caption("7.png"), caption("9.png")});
  CHECK(unknown.status() == base::ExitStatus::bad_input);
  CHECK_THAT(unknown.what(), Contains("predictions.jsonl:2") &&
                                 Contains("image 9 has no captions"));
  CHECK_THAT(error({caption("7.png"), caption("dir/07.jpg")}).what(),
             Contains("already has a caption"));
  for (const char* name :
       {"cat.png", "99999999999999999999.png", "7/cat.png"}) {
    CHECK_THAT(error({caption(name)}).what(), Contains("no number"));
  }
  CHECK_THAT(error({{{"image", "7.png"}}}).what(), Contains("caption"));
  CHECK_THAT(error({answer_line("what?", "red")}).what(), Contains("caption"));
}

TEST_CASE("Answers to unknown questions, or several to one, are errors") {
  const Files files;
  const auto error = [&](const std::vector<json>& lines) {
    return thrown_error([&] {
      read_answer_examples(files.annotations(), files.questions(),
                           files.write_lines("predictions.jsonl", lines));
    });
  };
  CHECK_THAT(error({answer_line("why?", "x")}).what(),
             Contains("does not ask 'why?' about image 7"));
  CHECK_THAT(error({answer_line("who?", "x"), answer_line("who?", "y")}).what(),
             Contains("predictions.jsonl:2") && Contains("already"));
}

TEST_CASE("Ids that occur twice, and missing annotations, are errors") {
  const Files files;
  const auto predictions =
      files.write_lines("predictions.jsonl", {answer_line("what?", "red")});
  const auto captions = files.write("captions.json", R"({"annotations": [
      {"id": 1, "image_id": 7, "caption": "a"},
      {"id": 1, "image_id": 7, "caption": "b"}]})");
  CHECK_THAT(thrown_error([&] {
               read_caption_examples(captions, predictions);
             }).what(),
             Contains("captions.json: annotation 1") && Contains("twice"));
  CHECK_THAT(thrown_error([&] {
               read_caption_examples(files.annotations(), predictions);
             }).what(),
             Contains("--questions"));
  const auto asked_twice = files.write("questions.json", R"({"questions": [
      {"question_id": 1, "image_id": 7, "question": "what?"},
      {"question_id": 1, "image_id": 8, "question": "what?"}]})");
  CHECK_THAT(thrown_error([&] {
               read_answer_examples(files.annotations(), asked_twice,
                                    predictions);
             }).what(),
             Contains("question 1") && Contains("twice"));
  const auto unannotated = files.write("questions.json", R"({"questions": [
      {"question_id": 4, "image_id": 7, "question": "what?"}]})");
  CHECK_THAT(thrown_error([&] {
               read_answer_examples(files.annotations(), unannotated,
                                    predictions);
             }).what(),
             Contains("question 4") && Contains("no annotation"));
}

}  // namespace gato::eval
