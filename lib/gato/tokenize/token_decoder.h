// Tokens back as keys and values, for people: what gato-info --decode prints.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/step_encoder.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::tokenize {

// Describes the documents of one file. Values are those of the bins' centres.
class TokenDecoder {
 public:
  TokenDecoder(const data::Vocabulary& vocabulary,
               const data::TaskTable& tasks);

  // {"task","kind","tokens","return"?, and either "steps": [{"observation":
  // {key: value}, "action": {key: value}, "expert"?: {key: value}}] or "items":
  // [text or image, ...]}. "expert" holds the action keys whose label is
  // another value. Images read "image 2x3 patches". Of a step that was cut
  // there is what is whole, and "cut": true; so is a step whose tokens do not
  // fit the task's spec. `ends_row`: it reaches to the end of its sequence,
  // and where it is no episode and has no end mark there, it has "cut": true.
  nlohmann::ordered_json decode(const data::TokenizedDocument& document,
                                bool ends_row = false) const;

 private:
  nlohmann::ordered_json decode_step(const StepEncoder* encoder,
                                     const data::TokenizedDocument& document,
                                     int64_t begin, int64_t end) const;
  nlohmann::ordered_json decode_items(
      const data::TokenizedDocument& document) const;
  bool ends_with_eos(const data::TokenizedDocument& document) const;
  std::string decode_text(const int32_t* ids, size_t count) const;

  data::Vocabulary vocabulary_;
  data::TaskTable tasks_;
  std::unique_ptr<TextEncoder>
      text_encoder_;  // none where the file holds no model
  std::optional<int32_t> eos_id_;
  std::vector<std::unique_ptr<StepEncoder>>
      step_encoders_;  // one a task, or none
};

// The documents (segments) of a row of a sequence file. Steps are found by
// their separators, images by their intervals; there are no pixels.
std::vector<data::TokenizedDocument> split_into_documents(
    const data::SequenceView& row);

}  // namespace gato::tokenize
