#include <catch2/catch.hpp>

#include "cli/run_in_process.h"
#include "gato/base/file_io.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/data/token_file.h"

using namespace gato;
using namespace gato::commands;
using Catch::Matchers::Contains;

namespace {

struct Fixture {
  test::ScratchDirectory folder;

  test::RunResult run(const std::string& command,
                      const std::vector<std::string>& inputs) {
    std::vector<std::string> arguments = {command,
                                          "--text-model",
                                          GATO_SOURCE_DIR
                                          "/tests/reference/text.model",
                                          "--discrete",
                                          "separate",
                                          "--force",
                                          "-o",
                                          folder / "tokens.h5"};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    return test::run_in_process(tokenize_tool(), arguments);
  }
  nlohmann::ordered_json report() {
    return data::TokenFileReader(folder / "tokens.h5").report();
  }
  // Returns the number of tokens of each document.
  std::vector<int64_t> token_counts() const {
    std::vector<int64_t> counts;
    const data::TokenFileReader reader(folder / "tokens.h5");
    for (int64_t i = 0; i < reader.document_count(); ++i) {
      counts.push_back(std::ssize(reader.document(i).tokens));
    }
    return counts;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "Pieces that the SentencePiece model lacks are counted") {
  const auto known = folder.write_file("known.txt", "a red square");
  const auto lines = folder.write_file(
      "lines.jsonl",
      "{\"text\": \"a star\"}\n{\"text\": \"a \u661f star \u5713\"}\n"
      "{\"text\": \"\u661f\"}\n");
  auto ran = run("text", {known, lines});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("warning: the SentencePiece model lacks some characters: "
                      "unknown pieces 3, in documents 2, first in " +
                      lines + ", line 2 (byte "));
  CHECK_THAT(ran.err, Contains("--byte-fallback on"));
  CHECK_THAT(ran.err, Contains("read 4, written 4, empty 0, unknown pieces 3, "
                               "skipped 0"));
  CHECK(report()["unknown_pieces"] == 3);

  ran = run("text", {known});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, !Contains("unknown"));
  CHECK(!report().contains("unknown_pieces"));
}

TEST_CASE_METHOD(Fixture, "Unknown pieces in pages are counted too") {
  const auto pages = folder.write_file(
      "pages.jsonl", "{\"items\": [{\"text\": \"a \u661f\"}]}\n");
  const auto ran = run("interleaved", {pages});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("unknown pieces 1, in documents 1, first in " +
                               pages + ", line 1"));
}

TEST_CASE_METHOD(Fixture, "Blank texts are skipped and counted") {
  const auto lines = folder.write_file(
      "lines.jsonl",
      "{\"text\": \"\"}\n{\"text\": \"a star\"}\n{\"text\": \" \\n\"}\n");
  const auto blank = folder.write_file("blank.txt", " \n\n");
  const auto nothing = folder.write_file("nothing.txt", "");
  auto ran = run("text", {lines, blank, nothing});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("read 5, written 1, empty 4, skipped 0"));
  CHECK(report()["empty"] == 4);
  CHECK(data::TokenFileReader(folder / "tokens.h5").document_count() == 1);

  ran = run("text", {blank});
  REQUIRE(ran.status == 3);
  CHECK_THAT(ran.err, Contains("no document to write (read 1, empty 1)"));
}

TEST_CASE_METHOD(Fixture,
                 "End-of-text markers are counted unless an option says what "
                 "they are") {
  const auto lines = folder.write_file(
      "lines.jsonl",
      "{\"text\": \"a star\"}\n{\"text\": \"a star<|endoftext|>\"}\n"
      "{\"text\": \"a star<|endoftext|>a star\"}\n");
  const auto plain =
      folder.write_file("plain.txt", "a star<|endoftext|>a star");
  auto ran = run("text", {lines, plain});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err,
             Contains("warning: 3 documents contain an end-of-text marker, "
                      "such as <|endoftext|> in " +
                      lines + ", line 2") &&
                 Contains("--end-of-text '<|endoftext|>'") &&
                 Contains("--document-separator"));
  ran = run("text", {"--end-of-text", "none", lines, plain});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, !Contains("marker"));

  ran = run("text", {"--end-of-text", "<|endoftext|>", lines, plain});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, !Contains("marker"));
  const auto counts = token_counts();
  REQUIRE(counts.size() == 4);
  const int64_t n = counts[0];
  CHECK(counts == std::vector<int64_t>{n, n, 2 * n, 2 * n});

  ran = run("text", {"--document-separator", "<|endoftext|>", plain});
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, !Contains("marker"));
  CHECK(token_counts() == std::vector<int64_t>{n, n});
}

TEST_CASE_METHOD(Fixture,
                 "The letters of </s> are an end-of-text marker, but not as a "
                 "closing tag") {
  const auto lines =
      folder.write_file("lines.jsonl",
                        "{\"text\": \"a <s>red</s> star\"}\n"
                        "{\"text\": \"a star</s>a star</s>\"}\n");
  auto ran = run("text", {lines});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  CHECK_THAT(ran.err, Contains("warning: 1 document contains an end-of-text "
                               "marker, such as </s> in " +
                               lines + ", line 2") &&
                          Contains("--end-of-text '</s>'"));
  for (const char* marker : {"</s>", "none"}) {
    ran = run("text", {"--end-of-text", marker, lines});
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, !Contains("marker"));
  }
}

TEST_CASE_METHOD(Fixture,
                 "End-of-text markers in captions, answers and pages are "
                 "counted unless an option says what they are") {
  std::filesystem::copy_file(GATO_SOURCE_DIR "/tests/samples/images/rgb.png",
                             folder / "1.png");
  const auto captions = folder.write_file("captions.json", R"({
      "images": [{"id": 1, "file_name": "1.png"}], "annotations": [
      {"id": 1, "image_id": 1, "caption": "a star"},
      {"id": 2, "image_id": 1, "caption": "a star<|endoftext|>"},
      {"id": 3, "image_id": 1, "caption": "<|endoftext|>a star<|endoftext|>"}
      ]})");
  const auto questions = folder.write_file("questions.json", R"({"questions": [
      {"question_id": 1, "image_id": 1, "question": "a star"},
      {"question_id": 2, "image_id": 1, "question": "a star<|endoftext|>"}]})");
  const auto annotations =
      folder.write_file("answers.json", R"({"annotations": [
      {"question_id": 1, "multiple_choice_answer": "red"},
      {"question_id": 2, "multiple_choice_answer": "red<|endoftext|>"}]})");
  const auto pages = folder.write_file(
      "pages.jsonl",
      R"({"items": [{"text": "a star"}, {"image": "1.png"}]})"
      "\n"
      R"({"items": [{"text": "a star<|endoftext|>"}, {"image": "1.png"}]})"
      "\n"
      R"({"text_list": ["a<|endoftext|>b", "c<|endoftext|>"], "image_info": []})"
      "\n");
  const std::vector<std::string> vqa{"--image-name",  "{image}.png",
                                     "--questions",   questions,
                                     "--annotations", annotations};
  const auto with_option = [](std::vector<std::string> inputs,
                              const std::string& marker) {
    inputs.insert(inputs.begin(), {"--end-of-text", marker});
    return inputs;
  };
  const std::string one = "warning: 1 document contains",
                    two = "warning: 2 documents contain";
  for (const auto& [command, inputs, documents] :
       {std::tuple{"captions", std::vector<std::string>{captions}, two},
        std::tuple{"vqa", vqa, one},
        std::tuple{"interleaved", std::vector<std::string>{pages}, two}}) {
    CAPTURE(command);
    auto ran = run(command, inputs);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, Contains(documents + " an end-of-text marker, such as "
                                             "<|endoftext|> in ") &&
                            Contains("--end-of-text '<|endoftext|>'") &&
                            !Contains("--document-separator"));
    ran = run(command, with_option(inputs, "none"));
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, !Contains("marker"));
    ran = run(command, with_option(inputs, "<|endoftext|>"));
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, !Contains("marker"));
    const auto sizes = token_counts();
    CHECK(sizes.at(0) == sizes.at(1));
  }
  const auto empty = folder.write_file("empty.json", R"({
      "images": [{"id": 1, "file_name": "1.png"}], "annotations": [
      {"id": 1, "image_id": 1, "caption": "<|endoftext|>"}]})");
  auto ran = run("captions", {"--end-of-text", "<|endoftext|>", empty});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains("the caption is empty"));
  const auto blank = folder.write_file(
      "blank.jsonl", "{\"items\": [{\"text\": \"<|endoftext|>\"}]}\n");
  ran = run("interleaved", {"--end-of-text", "<|endoftext|>", blank});
  CHECK(ran.status == 3);
  CHECK_THAT(ran.err, Contains("the page is empty"));

  const auto vocab = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"vocab",           "--size",  "300",
                                    "--soft-limit",    "--force", "-o",
                                    folder / "w.model"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return test::run_in_process(tokenize_tool(), all);
  };
  for (const auto& inputs :
       {std::vector<std::string>{captions},
        std::vector<std::string>{"--format", "vqa", questions, annotations},
        std::vector<std::string>{"--format", "interleaved", pages}}) {
    ran = vocab(inputs);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, Contains(" an end-of-text marker, such as "
                                 "<|endoftext|>"));
    CHECK_THAT(base::read_file(folder / "w.model"), Contains("|"));
    ran = vocab(with_option(inputs, "<|endoftext|>"));
    REQUIRE(ran.status == 0);
    CHECK_THAT(ran.err, !Contains("marker"));
  }
}
