// Describes tokens as keys and values, for gato-info --decode.
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

// Describes the documents of one file. Continuous values are the centers of
// their bins.
class TokenDecoder {
 public:
  TokenDecoder(const data::Vocabulary& vocabulary,
               const data::TaskTable& tasks);

  // Returns {"task", "tokens", "return"?} and either "steps": [{"observation":
  // {key: value}, "action": {key: value}, "expert"?: {key: value}}] or "items":
  // [text or image, ...]. "expert" contains the action keys whose label differs
  // from the action. An image is described as "image 2x3 patches". A truncated
  // step, or one whose tokens do not match the spec of its task, has "cut":
  // true and the values that are complete. `ends_row` says that the document
  // ends where its sequence ends; if it is not an episode and does not end with
  // </s>, it has "cut": true, too.
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
  std::unique_ptr<TextEncoder> text_encoder_;  // null: the file has no model
  std::optional<int32_t> eos_id_;
  // One per task; null if the task has no actions or no valid spec.
  std::vector<std::unique_ptr<StepEncoder>> step_encoders_;
};

// Splits a row of a sequence file into its documents (segments), which have no
// pixels. A time step ends after its actions; an image begins with the patch
// whose intervals begin at 0.
std::vector<data::TokenizedDocument> split_into_documents(
    const data::SequenceView& row);

}  // namespace gato::tokenize
