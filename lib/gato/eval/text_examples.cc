// References are read first and kept by image_id or by question. Each
// prediction then takes those of its image or its question.
#include "gato/eval/text_examples.h"

#include <fmt/format.h>

#include <charconv>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/eval/json_lines.h"
#include "gato/eval/text_metrics.h"
#include "gato/eval/vqa_accuracy.h"
#include "gato/ingest/json_lists.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/joined_image_texts.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Returns the last number in the name of an image file: 17 for
// "COCO_val2014_000000000017.jpg".
int64_t image_id_of(const std::string& image) {
  constexpr const char* kDigits = "0123456789";
  const std::string name = fs::path(image).stem();
  const size_t last = name.find_last_of(kDigits);
  if (last != std::string::npos) {
    const size_t before = name.find_last_not_of(kDigits, last);
    const size_t first = before == std::string::npos ? 0 : before + 1;
    int64_t id = 0;
    const auto parsed =
        std::from_chars(name.data() + first, name.data() + last + 1, id);
    if (parsed.ec == std::errc()) {
      return id;
    }
  }
  throw base::input_error(
      "the image '{}' has no number in its file name that tells its image_id",
      base::escape_control_characters(image));
}

// Calls `add` with each record of the list `names.list`, and prefixes its
// errors with the name of the record.
void read_records(const ingest::RecordNames& names, const char* what,
                  const std::function<void(const json&)>& add) {
  ingest::read_json_lists(names.path, what,
                          {{names.list, [&](const json& record, int64_t i) {
                              base::with_context(names.name(record, i),
                                                 [&] { add(record); });
                            }}});
}

// Adds the integer under a key to a set. Throws Error(bad_input) if it is in it
// already.
void add_unique(const json& record, const char* key, std::set<int64_t>& ids) {
  const int64_t id = ingest::integer_at(record, key);
  if (!ids.insert(id).second) {
    throw base::input_error("key '{}': {} occurs twice", key, id);
  }
}

std::map<int64_t, std::vector<std::string>> read_captions(
    const fs::path& path) {
  std::map<int64_t, std::vector<std::string>> captions;
  std::set<int64_t> ids;
  read_records(
      {path, "annotations", "annotation", "id"}, "COCO captions",
      [&](const json& record) {
        if (record.contains("id")) {
          add_unique(record, "id", ids);
        }
        if (!record.contains("caption") && record.contains("question_id")) {
          throw base::input_error("annotations of VQA: also pass --questions");
        }
        captions[ingest::integer_at(record, "image_id")].push_back(
            ingest::string_at(record, "caption"));
      });
  return captions;
}

std::map<int64_t, std::vector<std::string>> read_given_answers(
    const fs::path& path) {
  std::map<int64_t, std::vector<std::string>> answers;
  read_records(
      {path, "annotations", "question", "question_id"}, "VQA annotations",
      [&](const json& record) {
        const auto [entry, is_new] =
            answers.try_emplace(ingest::integer_at(record, "question_id"));
        if (!is_new) {
          throw base::input_error("is annotated twice");
        }
        for (const json& answer : ingest::array_at(record, "answers")) {
          entry->second.push_back(ingest::string_at(answer, "answer"));
        }
        if (entry->second.empty()) {
          throw base::input_error("has no answers");
        }
      });
  return answers;
}

// The correct answers to a question about an image. Several questions may have
// the same text: their predictions come in the same order.
using QuestionKey = std::pair<int64_t, std::string>;
using AnswersByQuestion =
    std::map<QuestionKey, std::deque<std::vector<std::string>>>;

AnswersByQuestion read_answers(const fs::path& annotations,
                               const fs::path& questions) {
  auto given = read_given_answers(annotations);
  std::set<int64_t> ids;
  AnswersByQuestion answers;
  read_records({questions, "questions", "question", "question_id"},
               "VQA questions", [&](const json& record) {
                 add_unique(record, "question_id", ids);
                 const auto found =
                     given.find(ingest::integer_at(record, "question_id"));
                 if (found == given.end()) {
                   throw base::input_error("has no annotation in {}",
                                           annotations.string());
                 }
                 answers[{ingest::integer_at(record, "image_id"),
                          ingest::string_at(record, "question")}]
                     .push_back(std::move(found->second));
               });
  return answers;
}

void require_examples(const TextExamples& examples, const fs::path& path) {
  if (examples.examples.empty()) {
    throw base::input_error("{}: contains no predictions", path.string());
  }
}

std::vector<CaptionWords> split_all(const std::vector<TextExample>& examples) {
  std::vector<CaptionWords> all;
  for (const TextExample& example : examples) {
    CaptionWords& words = all.emplace_back();
    words.caption = split_words(example.text);
    for (const std::string& reference : example.references) {
      words.references.push_back(split_words(reference));
    }
  }
  return all;
}

}  // namespace

TextExamples read_caption_examples(const fs::path& references,
                                   const fs::path& predictions) {
  const auto captions = read_captions(references);
  TextExamples result;
  std::set<int64_t> images;
  for_each_json_line(predictions, [&](json& line) {
    const int64_t id = image_id_of(ingest::string_at(line, "image"));
    std::string caption = ingest::take_string_at(line, "caption");
    const auto found = captions.find(id);
    if (found == captions.end()) {
      throw base::input_error("image {} has no captions in {}", id,
                              references.string());
    }
    if (!images.insert(id).second) {
      throw base::input_error(
          "image {} already has a caption: keep one per image, such as those "
          "of a single sample",
          id);
    }
    result.examples.push_back({std::move(caption), found->second});
  });
  require_examples(result, predictions);
  result.without_prediction = std::ssize(captions) - std::ssize(images);
  return result;
}

TextExamples read_answer_examples(const fs::path& annotations,
                                  const fs::path& questions,
                                  const fs::path& predictions) {
  auto answers = read_answers(annotations, questions);
  TextExamples result;
  for (const auto& [question, all] : answers) {
    result.without_prediction += std::ssize(all);
  }
  for_each_json_line(predictions, [&](json& line) {
    const int64_t id = image_id_of(ingest::string_at(line, "image"));
    const std::string question = ingest::take_string_at(line, "question");
    std::string answer = ingest::take_string_at(line, "answer");
    const auto found = answers.find({id, question});
    if (found == answers.end()) {
      throw base::input_error("{} does not ask '{}' about image {}",
                              questions.string(),
                              base::escape_control_characters(question), id);
    }
    if (found->second.empty()) {
      throw base::input_error(
          "the question '{}' about image {} already has an answer: keep one "
          "per question, such as those of a single sample",
          base::escape_control_characters(question), id);
    }
    result.examples.push_back(
        {std::move(answer), std::move(found->second.front())});
    found->second.pop_front();
    --result.without_prediction;
  });
  require_examples(result, predictions);
  return result;
}

nlohmann::ordered_json score_captions(
    const std::vector<TextExample>& examples) {
  const std::vector<CaptionWords> captions = split_all(examples);
  const auto bleu_scores = bleu(captions);
  nlohmann::ordered_json report = {{"n", examples.size()}};
  for (size_t n = 0; n < bleu_scores.size(); ++n) {
    report[fmt::format("bleu_{}", n + 1)] = bleu_scores[n];
  }
  report["rouge_l"] = rouge_l(captions);
  report["cider_d"] = cider_d(captions);
  report["exact"] = exact_match(captions);
  report["vqa_accuracy"] = nullptr;
  return report;
}

nlohmann::ordered_json score_answers(const std::vector<TextExample>& examples) {
  double accuracy = 0;
  for (const TextExample& example : examples) {
    accuracy += vqa_accuracy(example.text, example.references);
  }
  nlohmann::ordered_json report = {{"n", examples.size()}};
  for (const char* metric :
       {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider_d"}) {
    report[metric] = nullptr;
  }
  report["exact"] = exact_match(split_all(examples));
  report["vqa_accuracy"] = accuracy / static_cast<double>(examples.size());
  return report;
}

}  // namespace gato::eval
