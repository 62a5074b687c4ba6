// Annotations are read first and kept in memory by question_id; each question
// then takes the answers of its annotation. Annotations left over at the end
// are bad records. Image names are formatted last, because data_subtype may
// come after the questions.
#include "gato/ingest/text/vqa.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/json_lists.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/end_of_text.h"
#include "gato/ingest/text/joined_image_texts.h"

namespace gato::ingest {
namespace {

using nlohmann::json;
using Answers = std::vector<std::string>;

struct Annotation {
  Answers answers;
  std::optional<int64_t> image_id = {};
  bool has_question = false;
};

std::string format_image_name(const std::string& image_name,
                              const std::string& subtype, int64_t image) {
  try {
    return fmt::format(fmt::runtime(image_name), fmt::arg("subtype", subtype),
                       fmt::arg("image", image));
  } catch (const fmt::format_error&) {
    throw base::usage_error(
        "option --image-name: '{}' is not a name with {{subtype}} and "
        "{{image}}, such as COCO_{{subtype}}_{{image:012}}.jpg",
        image_name);
  }
}

const std::string& most_frequent(const Answers& answers) {
  std::map<std::string, int64_t> counts;
  for (const std::string& answer : answers) {
    ++counts[answer];
  }
  return *std::max_element(
      answers.begin(), answers.end(),
      [&](const auto& a, const auto& b) { return counts[a] < counts[b]; });
}

class VqaReader {
 public:
  VqaReader(const std::string& questions, const std::string& annotations,
            const VqaOptions& options)
      : questions_path_(questions),
        annotations_path_(annotations),
        options_(options) {}

  JoinedImageTexts read() {
    result_.inputs = {questions_path_, annotations_path_};
    result_.image_root = options_.image_root;
    result_.record_label = questions_path_ + ": question";
    const RecordNames annotations{annotations_path_, "annotations", "question",
                                  "question_id"};
    read_json_lists(annotations_path_, "VQA annotations",
                    {{"annotations", [&](const json& record, int64_t i) {
                        result_.add_or_report(annotations, record, i,
                                              [&] { add_annotation(record); });
                      }}});
    const RecordNames questions{questions_path_, "questions", "question",
                                "question_id"};
    const json rest = read_json_lists(
        questions_path_, "VQA questions",
        {{"questions", [&](const json& record, int64_t i) {
            result_.add_or_report(questions, record, i,
                                  [&] { add_question(record); });
          }}});
    set_image_paths(rest);
    for (const auto& [id, annotation] : annotation_by_question_id_) {
      if (annotation.has_question) {
        continue;
      }
      result_.errors.push_back(
          fmt::format("{}: annotation of question {}: {} has no such question",
                      annotations_path_, id, questions_path_));
    }
    result_.skipped = {{"empty answers", empty_answer_count_}};
    return std::move(result_);
  }

 private:
  // Returns a string of a record without the mark of the end of a text.
  std::string text_at(const json& record, const char* key) const {
    return without_end_of_text(string_at(record, key), options_.end_of_text,
                               " ");
  }

  void add_annotation(const json& annotation) {
    const int64_t id = integer_at(annotation, "question_id");
    if (annotation_by_question_id_.contains(id)) {
      throw base::input_error("is annotated twice");
    }
    Annotation result{read_answers(annotation)};
    if (annotation.contains("image_id")) {
      result.image_id = integer_at(annotation, "image_id");
    }
    annotation_by_question_id_.emplace(id, std::move(result));
  }

  Answers read_answers(const json& annotation) {
    if (!options_.all_answers &&
        annotation.contains("multiple_choice_answer")) {
      return {text_at(annotation, "multiple_choice_answer")};
    }
    Answers answers;
    for (const json& entry : array_at(annotation, "answers")) {
      const std::string answer = text_at(entry, "answer");
      if (!options_.all_answers || !is_blank(answer)) {
        answers.push_back(answer);
      } else {
        ++empty_answer_count_;
      }
    }
    if (answers.empty() || options_.all_answers) {
      return answers;
    }
    return {most_frequent(answers)};
  }

  void add_question(const json& question) {
    const int64_t id = integer_at(question, "question_id");
    const auto found = annotation_by_question_id_.find(id);
    if (found == annotation_by_question_id_.end()) {
      throw base::input_error("has no annotation in {}", annotations_path_);
    }
    Annotation& annotation = found->second;
    if (annotation.has_question) {
      throw base::input_error("is asked twice");
    }
    annotation.has_question = true;
    const int64_t image_id = integer_at(question, "image_id");
    if (annotation.image_id.value_or(image_id) != image_id) {
      throw base::input_error("key 'image_id' is {}, but {} in {}", image_id,
                              *annotation.image_id, annotations_path_);
    }
    const std::string text = text_at(question, "question");
    if (is_blank(text)) {
      throw base::input_error("the question is empty");
    }
    if (annotation.answers.empty() || is_blank(annotation.answers.front())) {
      throw base::input_error("its answer in {} is empty", annotations_path_);
    }
    const auto [image, is_new] =
        image_index_by_id_.emplace(image_id, image_ids_.size());
    if (is_new) {
      image_ids_.push_back(image_id);
    }
    result_.records.push_back({image->second, id, vqa_prompt(text) + " ",
                               std::move(annotation.answers)});
  }

  // `rest` is the questions file without its questions.
  void set_image_paths(const json& rest) {
    const bool has_subtype = has_string(rest, "data_subtype");
    if (!has_subtype &&
        options_.image_name_format.find("{subtype") != std::string::npos) {
      throw base::input_error(
          "{}: has no \"data_subtype\", which image names contain: pass "
          "--image-name without {{subtype}}",
          questions_path_);
    }
    const std::string subtype =
        has_subtype ? string_at(rest, "data_subtype") : "";
    for (int64_t id : image_ids_) {
      result_.image_paths.push_back(
          format_image_name(options_.image_name_format, subtype, id));
    }
  }

  const std::string &questions_path_, &annotations_path_;
  const VqaOptions& options_;
  JoinedImageTexts result_;
  std::map<int64_t, Annotation> annotation_by_question_id_;
  std::unordered_map<int64_t, size_t> image_index_by_id_;
  std::vector<int64_t> image_ids_;  // parallel to result_.image_paths
  int64_t empty_answer_count_ = 0;
};

}  // namespace

std::string vqa_prompt(const std::string& question) {
  return std::string(kQuestionName) + " " + question + " A:";
}

void check_vqa_image_name_format(const std::string& image_name) {
  format_image_name(image_name, "train2014", 1);
}

std::unique_ptr<ImageTextSource> open_vqa(const std::string& questions,
                                          const std::string& annotations,
                                          const VqaOptions& options) {
  return make_joined_source(VqaReader(questions, annotations, options).read());
}

}  // namespace gato::ingest
