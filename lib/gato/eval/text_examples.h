// Generated captions and answers, alongside the correct ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::eval {

// A generated text and the correct ones, at least one.
struct TextExample {
  std::string text;
  std::vector<std::string> references;
};

struct TextExamples {
  std::vector<TextExample> examples;  // in the order of the predictions
  // Images or questions that have references but no prediction.
  int64_t without_prediction = 0;
};

// Reads captions, lines {"image", "caption"}, and the references of their
// images from a COCO captions file. The image_id of an image is the last number
// in its file name. Throws Error(io) if a file cannot be read, and
// Error(bad_input), which names the line, if one is malformed, if there is no
// caption, if an image has several captions or no references, or if an
// annotation occurs twice.
TextExamples read_caption_examples(const std::filesystem::path& references,
                                   const std::filesystem::path& predictions);

// Reads answers, lines {"image", "question", "answer"}, and the answers that
// people gave from files of VQA. Throws as read_caption_examples() does, and
// Error(bad_input) if a question has no annotation.
TextExamples read_answer_examples(const std::filesystem::path& annotations,
                                  const std::filesystem::path& questions,
                                  const std::filesystem::path& predictions);

// Return {"n", "bleu_1", ..., "bleu_4", "rouge_l", "cider_d", "exact",
// "vqa_accuracy"}, with null for metrics that do not apply: those of captions
// for answers, and vqa_accuracy for captions. The correct texts are words as
// split_words() says, for answers in "exact", too.
nlohmann::ordered_json score_captions(const std::vector<TextExample>& examples);
nlohmann::ordered_json score_answers(const std::vector<TextExample>& examples);

}  // namespace gato::eval
