#include "gato/ingest/vqa.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/joined_texts.h"
#include "gato/ingest/json_sections.h"

namespace gato {
namespace {

using nlohmann::json;
using Answers = std::vector<std::string>;

struct Annotation {
  Answers answers;
  std::optional<int64_t> image_id = {};  // where it is said
  bool has_question = false;
};

std::string image_file(const std::string& image_name,
                       const std::string& subtype, int64_t image) {
  try {
    return fmt::format(fmt::runtime(image_name), fmt::arg("subtype", subtype),
                       fmt::arg("image", image));
  } catch (const fmt::format_error& error) {
    throw usage_error(
        "option --image-name: '{}' is no name with {{subtype}} and {{image}}, "
        "such as COCO_{{subtype}}_{{image:012}}.jpg: {}",
        image_name, error.what());
  }
}

const std::string& most_frequent(const Answers& answers) {
  std::map<std::string, int64_t> counts;
  for (const std::string& answer : answers) ++counts[answer];
  return *std::max_element(
      answers.begin(), answers.end(),
      [&](const auto& a, const auto& b) { return counts[a] < counts[b]; });
}

class Reader {
 public:
  Reader(const std::string& questions, const std::string& annotations,
         const VqaOptions& options)
      : questions_(questions), annotations_(annotations), options_(options) {}

  JoinedTexts read() {
    result_.inputs = {questions_, annotations_};
    result_.image_root = options_.image_root;
    result_.label = questions_ + ": question";
    read_json_sections(annotations_, "VQA annotations",
                       {{"annotations", [this](const json& record, int64_t i) {
                           attempt(record, annotations_, "annotations", i,
                                   [&] { add_annotation(record); });
                         }}});
    const json rest = read_json_sections(
        questions_, "VQA questions",
        {{"questions", [this](const json& record, int64_t i) {
            attempt(record, questions_, "questions", i,
                    [&] { add_question(record); });
          }}});
    name_images(rest);
    for (const auto& [id, annotation] : annotation_of_) {
      if (annotation.has_question) continue;
      result_.problems.push_back(
          fmt::format("{}: annotation of question {}: {} has no such question",
                      annotations_, id, questions_));
    }
    result_.passed_over = {{"empty answers", empty_answers_}};
    return std::move(result_);
  }

 private:
  template <class Take>
  void attempt(const json& record, const std::string& path, const char* list,
               int64_t index, Take take) {
    const auto id = record.find("question_id");
    try {
      take();
    } catch (const Error& error) {
      const std::string name = id == record.end()
                                   ? fmt::format("{}[{}]", list, index)
                                   : fmt::format("question {}", id->dump());
      result_.problems.push_back(
          fmt::format("{}: {}: {}", path, name, error.what()));
    }
  }

  void add_annotation(const json& annotation) {
    const int64_t id = integer_at(annotation, "question_id");
    if (annotation_of_.contains(id)) throw input_error("is annotated twice");
    Annotation result{read_answers(annotation)};
    if (annotation.contains("image_id")) {
      result.image_id = integer_at(annotation, "image_id");
    }
    annotation_of_.emplace(id, std::move(result));
  }

  Answers read_answers(const json& annotation) {
    if (!options_.all_answers && annotation.contains("multiple_choice_answer"))
      return {text_at(annotation, "multiple_choice_answer")};
    const auto list = annotation.find("answers");
    if (list == annotation.end() || !list->is_array()) {
      throw input_error("has no list 'answers'");
    }
    Answers answers;
    for (const json& entry : *list) {
      const std::string& answer = text_at(entry, "answer");
      if (!options_.all_answers || !is_blank(answer)) {
        answers.push_back(answer);
      } else {
        ++empty_answers_;
      }
    }
    if (answers.empty() || options_.all_answers) return answers;
    return {most_frequent(answers)};
  }

  void add_question(const json& question) {
    const int64_t id = integer_at(question, "question_id");
    const auto found = annotation_of_.find(id);
    if (found == annotation_of_.end()) {
      throw input_error("has no annotation in {}", annotations_);
    }
    Annotation& annotation = found->second;
    if (annotation.has_question) throw input_error("is asked twice");
    annotation.has_question = true;
    const int64_t image_id = integer_at(question, "image_id");
    if (annotation.image_id.value_or(image_id) != image_id) {
      throw input_error("key 'image_id' is {}, but {} in {}", image_id,
                        *annotation.image_id, annotations_);
    }
    const std::string& text = text_at(question, "question");
    if (is_blank(text)) throw input_error("the question is empty");
    if (annotation.answers.empty() || is_blank(annotation.answers.front())) {
      throw input_error("its answer in {} is empty", annotations_);
    }
    const auto [image, is_new] =
        image_of_id_.emplace(image_id, image_ids_.size());
    if (is_new) image_ids_.push_back(image_id);
    result_.records.push_back({image->second, id, "Q: " + text + " A: ",
                               std::move(annotation.answers)});
  }

  // The subtype may stand after the questions.
  void name_images(const json& rest) {
    const auto found = rest.find("data_subtype");
    const bool has_subtype = found != rest.end() && found->is_string();
    if (!has_subtype &&
        options_.image_name.find("{subtype") != std::string::npos) {
      throw input_error(
          "{}: has no \"data_subtype\", which names the images; give "
          "--image-name without {{subtype}}",
          questions_);
    }
    const std::string subtype = has_subtype ? found->get<std::string>() : "";
    for (int64_t id : image_ids_) {
      result_.images.push_back(image_file(options_.image_name, subtype, id));
    }
  }

  const std::string &questions_, &annotations_;
  const VqaOptions& options_;
  JoinedTexts result_;
  std::map<int64_t, Annotation> annotation_of_;  // by question_id
  std::unordered_map<int64_t, size_t> image_of_id_;
  std::vector<int64_t> image_ids_;  // of result_.images
  int64_t empty_answers_ = 0;
};

}  // namespace

void check_vqa_image_name(const std::string& image_name) {
  image_file(image_name, "train2014", 1);
}

std::unique_ptr<ImageTextSource> open_vqa(const std::string& questions,
                                          const std::string& annotations,
                                          const VqaOptions& options) {
  return make_source(Reader(questions, annotations, options).read());
}

}  // namespace gato
