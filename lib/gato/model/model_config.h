// config.json of a model directory: the shape of the network.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/token_file.h"
#include "gato/data/vocabulary.h"

namespace gato::model {

enum class PositionEncoding : uint8_t { relative, rotary };

// What action tokens have for a local position: one vector, the same for all
// (paper 2.2), or nothing (as the caption of its Figure 18 reads).
enum class ActionPositionEncoding : uint8_t { shared, none };

// Names are the JSON fields, the options and the TOML keys of gato-train.
struct ModelConfig {
  int64_t layers = 8;
  int64_t width = 768;         // d
  int64_t heads = 24;          // H
  int64_t key_size = 32;       // K
  int64_t feedforward = 3072;  // F, before the GEGLU split
  int64_t context = 1024;      // L
  PositionEncoding position = PositionEncoding::relative;
  ActionPositionEncoding action_position = ActionPositionEncoding::shared;
  double logit_scale = 1;
  int64_t window_steps = 0;     // rollouts read the last W steps; 0: none
  data::Vocabulary vocabulary;  // without the text model's bytes
  data::TaskTable tasks;

  nlohmann::json to_json() const;
  // Errors (bad_input) name the field: another kind, newer, out of range.
  static ModelConfig from_json(const nlohmann::json& json);
  void validate() const;  // Error (usage)
};

// The paper's three sizes: gato-79m, gato-364m, gato-1.2b; and tiny presets.
// Presets are flat TOML files in share/gato/presets.

}  // namespace gato::model
