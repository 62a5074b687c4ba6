// The configuration of a network: config.json of a model directory.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/token_file.h"
#include "gato/data/vocabulary.h"

namespace gato::model {

enum class PositionEncoding : uint8_t { relative, rotary };

// The local position encoding of action tokens: one vector shared by all
// (paper, section 2.2), or none (caption of Figure 18).
enum class ActionPositionEncoding : uint8_t { shared, none };

// The shape of a network and the vocabulary and tasks that it was trained with.
// The member names are the JSON fields and, with dashes, the options of
// gato-train.
struct ModelConfig {
  int64_t layers = 8;
  int64_t width = 768;         // d
  int64_t heads = 24;          // H
  int64_t key_size = 32;       // K
  int64_t feedforward = 3072;  // F, before the GEGLU split
  int64_t context = 1024;      // L
  PositionEncoding position = PositionEncoding::relative;
  ActionPositionEncoding action_position = ActionPositionEncoding::shared;
  // True if tokens attend only to their own document, and to the prompt, rather
  // than to all earlier tokens of the row.
  bool document_mask = false;
  double logit_scale = 1;
  int64_t window_steps = 0;     // rollouts read the last W steps; 0: no limit
  data::Vocabulary vocabulary;  // JSON: without the bytes of the text model
  data::TaskTable tasks;

  nlohmann::json to_json() const;
  // Throws Error(bad_input), which begins with `label`, such as the path of the
  // file, and names the field, if a field is missing or invalid or if the file
  // is of a different kind or a newer version.
  static ModelConfig from_json(const nlohmann::json& json,
                               const std::string& label = "config.json");
  // Throws Error(usage) if a value is out of range.
  void validate() const;
};

}  // namespace gato::model
