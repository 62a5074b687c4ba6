#include "gato/ingest/text/vqa.h"

#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;
using gato::test::read_all_records;

namespace {

const std::string folder = GATO_SOURCE_DIR "/tests/samples/vqa/";

std::vector<std::string> texts_of(const std::vector<ImageTexts>& records) {
  std::vector<std::string> texts;
  for (const auto& record : records) {
    for (const auto& text : record.texts) {
      texts.push_back(text.text);
    }
  }
  return texts;
}

VqaOptions in_folder() {
  VqaOptions options;
  options.image_root = folder;
  return options;
}

}  // namespace

TEST_CASE(
    "Questions are joined with their answers, images in order of appearance") {
  for (const char* name : {"annotations.json", "okvqa-annotations.json"}) {
    const auto source =
        open_vqa(folder + "questions.json", folder + name, in_folder());
    const auto [records, errors] = read_all_records(*source);
    CAPTURE(name);
    CHECK(errors.empty());
    REQUIRE(records.size() == 2);
    CHECK(test::first_pixel_color(records[0].image) == "blue");
    CHECK(test::first_pixel_color(records[1].image) == "red");
    CHECK(texts_of(records) ==
          std::vector<std::string>{"Q: What color is it? A: blue",
                                   "Q: Is it a star? A: no",
                                   "Q: What is it? A: square"});
    CHECK(records[0].texts[1].location ==
          folder + "questions.json: question 9001");
  }
}

TEST_CASE("Each answer is a document, except empty ones") {
  VqaOptions options = in_folder();
  options.all_answers = true;
  const auto source =
      open_vqa(folder + "questions.json", folder + "annotations.json", options);
  const auto [records, errors] = read_all_records(*source);
  CHECK(errors.empty());
  CHECK(texts_of(records) ==
        std::vector<std::string>{
            "Q: What color is it? A: blue", "Q: What color is it? A: blue",
            "Q: Is it a star? A: no", "Q: Is it a star? A: no",
            "Q: Is it a star? A: yes", "Q: What is it? A: square",
            "Q: What is it? A: red", "Q: What is it? A: square"});
  CHECK(source->skipped() == ImageTextSource::Counts{{"empty answers", 1}});
}

TEST_CASE("A question or annotation without a counterpart is a bad record") {
  const auto source = open_vqa(folder + "questions.json",
                               folder + "bad-annotations.json", in_folder());
  const auto [records, errors] = read_all_records(*source);
  CHECK(texts_of(records) ==
        std::vector<std::string>{"Q: What color is it? A: blue"});
  REQUIRE(errors.size() == 3);
  CHECK_THAT(errors[0], Contains("questions.json: question 7000") &&
                            Contains("bad-annotations.json"));
  CHECK_THAT(errors[1], Contains("question 9001"));
  CHECK_THAT(errors[2], Contains("annotation of question 5000"));
}

TEST_CASE("An incomplete record names its question") {
  const test::ScratchDirectory temporary;
  const std::string questions =
      temporary.write_file("q.json", R"({"questions": [
    {"question_id": 1, "image_id": 1, "question": " "},
    {"question_id": 2, "image_id": "x", "question": "who?"},
    {"question_id": 3, "image_id": 1, "question": "why?"},
    {"question_id": 3, "image_id": 1, "question": "why?"},
    {"image_id": 1}], "data_subtype": "val2014"})");
  const std::string annotations = temporary.write_file("a.json", R"({
    "annotations": [
    {"question_id": 1, "multiple_choice_answer": "a"},
    {"question_id": 2, "multiple_choice_answer": "a"},
    {"question_id": 3, "multiple_choice_answer": "a"},
    {"question_id": 3, "multiple_choice_answer": "a"},
    {"question_id": 4, "answers": [{"raw_answer": "a"}]}]})");
  const auto source = open_vqa(questions, annotations, {});
  const auto [records, errors] = read_all_records(*source);
  REQUIRE(records.size() == 1);
  CHECK(records[0].image.content == "COCO_val2014_000000000001.jpg");
  REQUIRE(errors.size() == 6);
  CHECK_THAT(errors[0], Contains("a.json: question 3: is annotated twice"));
  CHECK_THAT(errors[1], Contains("a.json: question 4") && Contains("'answer'"));
  CHECK_THAT(errors[2], Contains("q.json: question 1: the question is empty"));
  CHECK_THAT(errors[3], Contains("question 2") && Contains("\"x\""));
  CHECK_THAT(errors[4], Contains("question 3: is asked twice"));
  CHECK_THAT(errors[5], Contains("questions[4]"));
}

TEST_CASE(
    "An annotation with a different image than its question is a bad record") {
  const test::ScratchDirectory temporary;
  const std::string questions =
      temporary.write_file("q.json", R"({"questions": [
    {"question_id": 1, "image_id": 7, "question": "who?"},
    {"question_id": 2, "image_id": 8, "question": "why?"}],
    "data_subtype": "val2014"})");
  const std::string annotations = temporary.write_file("a.json", R"({
    "annotations": [
    {"question_id": 1, "image_id": 9, "multiple_choice_answer": "a"},
    {"question_id": 2, "image_id": 8, "multiple_choice_answer": "a"}]})");
  const auto source = open_vqa(questions, annotations, {});
  const auto [records, errors] = read_all_records(*source);
  CHECK(records.size() == 1);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == questions +
                         ": question 1: key 'image_id' is 7, but 9 in " +
                         annotations);
}

TEST_CASE("Images are named by the format") {
  VqaOptions options;
  options.image_name_format = "{subtype}/{image:05}.png";
  const auto source =
      open_vqa(folder + "questions.json", folder + "annotations.json", options);
  CHECK(source->next()->image.content == "train2014/00009.png");
  check_vqa_image_name_format("{image}.jpg");
  for (const char* wrong : {"{id}.jpg", "{image", "{image:s}.jpg"}) {
    CHECK_THROWS_WITH(check_vqa_image_name_format(wrong),
                      Contains("--image-name"));
  }
}

TEST_CASE("Questions and answers may contain JSON that only Python reads") {
  const test::ScratchDirectory temporary;
  const std::string questions = temporary.write_file("q.json", R"({
    "info": NaN, "questions": [
    {"question_id": 1, "image_id": 1, "question": "who?", "x": [NaN, "\ud800"]},
    {"question_id": 2, "image_id": NaN, "question": "why?"},
    {"question_id": 3, "image_id": 1, "question": NaN}],
    "data_subtype": "val2014"})");
  const std::string annotations = temporary.write_file("a.json", R"({
    "annotations": [
    {"question_id": 1, "multiple_choice_answer": "a", "y": -Infinity},
    {"question_id": 2, "multiple_choice_answer": "a"},
    {"question_id": 3, "multiple_choice_answer": "a"},
    {"question_id": 4, "multiple_choice_answer": NaN}]})");
  const auto [records, errors] =
      read_all_records(*open_vqa(questions, annotations, {}));
  CHECK(texts_of(records) == std::vector<std::string>{"Q: who? A: a"});
  REQUIRE(errors.size() == 3);
  CHECK(errors[0] == annotations +
                         ": question 4: key 'multiple_choice_answer' is NaN, "
                         "not a string");
  CHECK(errors[1] ==
        questions + ": question 2: key 'image_id' is NaN, not an integer");
  CHECK(errors[2] ==
        questions + ": question 3: key 'question' is NaN, not a string");

  const std::string unnamed = temporary.write_file(
      "u.json",
      R"({"questions": [{"question_id": 1, "image_id": 1, "question": "who?"}],
          "data_subtype": NaN})");
  CHECK_THROWS_WITH(open_vqa(unnamed, annotations, {}),
                    Contains("data_subtype"));
}

TEST_CASE("Marks of the end of a text are removed from questions and answers") {
  const test::ScratchDirectory scratch;
  const auto questions = scratch.write_file("q.json", R"({"questions": [
      {"question_id": 1, "image_id": 1, "question": "what<|endoftext|>"},
      {"question_id": 2, "image_id": 1, "question": "who"}]})");
  const auto annotations = scratch.write_file("a.json", R"({"annotations": [
      {"question_id": 1, "multiple_choice_answer": "dog<|endoftext|>"},
      {"question_id": 2, "multiple_choice_answer": "<|endoftext|>"}]})");
  VqaOptions options;
  options.image_name_format = "{image}.png";
  options.end_of_text = "<|endoftext|>";
  const auto [records, errors] =
      read_all_records(*open_vqa(questions, annotations, options));
  CHECK(texts_of(records) == std::vector<std::string>{"Q: what A: dog"});
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Contains("question 2") && Contains("is empty"));
}
