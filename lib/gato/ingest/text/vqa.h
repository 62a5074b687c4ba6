// VQAv2 and OK-VQA, pairs of files joined on question_id:
//   questions:   {"data_subtype": "train2014",
//                 "questions": [{"question_id", "image_id", "question"}...]}
//   annotations: {"annotations": [{"question_id", "multiple_choice_answer",
//                 "answers": [{"answer"}...], "image_id"}...]}
// Other keys are ignored. The image_id of an annotation may be missing, and
// must be that of the question.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct VqaOptions {
  std::filesystem::path image_root;
  // What an image's file is called, as a format of fmt: {subtype} is the
  // data_subtype, {image} the image_id.
  std::string image_name_format = "COCO_{subtype}_{image:012}.jpg";
  // False: multiple_choice_answer or, where there is none, the most frequent of
  // answers, of several the first. True: each of answers by itself; empty ones
  // are passed over.
  bool all_answers = false;
};

// Error (usage) where `image_name` is no such format.
void check_vqa_image_name_format(const std::string& image_name);

// Texts "Q: <question> A: <answer>", by image. A question without annotation,
// or the other way round, is a bad record.
std::unique_ptr<ImageTextSource> open_vqa(const std::string& questions,
                                          const std::string& annotations,
                                          const VqaOptions& options);

}  // namespace gato::ingest
