// Reads VQAv2 and OK-VQA: pairs of files that are joined on question_id.
//   questions:   {"data_subtype": "train2014",
//                 "questions": [{"question_id", "image_id", "question"}...]}
//   annotations: {"annotations": [{"question_id", "multiple_choice_answer",
//                 "answers": [{"answer"}...], "image_id"}...]}
// Other keys are ignored. The image_id of an annotation is optional and must be
// that of the question.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct VqaOptions {
  std::filesystem::path image_root;
  // The path of an image file, as a format string of fmt: {subtype} is the
  // data_subtype, {image} is the image_id.
  std::string image_name_format = "COCO_{subtype}_{image:012}.jpg";
  // If false, the answer is multiple_choice_answer or, if there is none, the
  // most frequent of answers (ties: the first of them). If true, each of
  // answers forms a separate text, and empty ones are skipped.
  bool all_answers = false;
  // The string that marks the end of a text, which is removed from questions
  // and answers; empty if there is none.
  std::string end_of_text;
};

// The prefix of every question.
inline constexpr std::string_view kQuestionName = "Q:";

// Returns the text that an answer continues: "Q: <question> A:".
std::string vqa_prompt(const std::string& question);

// Throws Error(usage) if `image_name` is not a valid format.
void check_vqa_image_name_format(const std::string& image_name);

// Returns texts "Q: <question> A: <answer>", grouped by image. A question
// without an annotation, and an annotation without a question, are bad records.
std::unique_ptr<ImageTextSource> open_vqa(const std::string& questions,
                                          const std::string& annotations,
                                          const VqaOptions& options);

}  // namespace gato::ingest
