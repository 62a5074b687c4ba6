// The integer fields are read, written and validated by one table. The other
// fields are handled one by one; those that older files lack have defaults.
#include "gato/model/model_config.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/file_format.h"
#include "gato/data/json_fields.h"
#include "gato/data/lenient_json.h"

namespace gato::model {
namespace {

// Maximum of every size. No sensible model reaches it, and products of sizes do
// not overflow.
constexpr int64_t kMaxSize = 1 << 20;

struct IntegerField {
  const char* name;
  int64_t ModelConfig::*member;
  int64_t min;
};
constexpr std::array kIntegerFields = {
    IntegerField{"layers", &ModelConfig::layers, 1},
    IntegerField{"width", &ModelConfig::width, 2},
    IntegerField{"heads", &ModelConfig::heads, 1},
    IntegerField{"key_size", &ModelConfig::key_size, 1},
    IntegerField{"feedforward", &ModelConfig::feedforward, 2},
    IntegerField{"context", &ModelConfig::context, 1},
};

// Returns what is wrong with the configuration, or an empty string.
std::string validation_error(const ModelConfig& config) {
  for (const auto& field : kIntegerFields) {
    const int64_t value = config.*field.member;
    if (value < field.min || value > kMaxSize) {
      return fmt::format("{} is {}: it must be in [{}, {}]", field.name, value,
                         field.min, kMaxSize);
    }
  }
  if (config.width % 2) {
    return fmt::format("width is {}: it must be even", config.width);
  }
  if (config.feedforward % 2) {
    return fmt::format("feedforward is {}: it must be even",
                       config.feedforward);
  }
  if (config.position == PositionEncoding::rotary && config.key_size % 2) {
    return fmt::format("key_size is {}: it must be even for rotary positions",
                       config.key_size);
  }
  if (!(config.logit_scale > 0 && config.logit_scale <= 1e6)) {
    return fmt::format("logit_scale is {}: it must be in (0, 1e6]",
                       config.logit_scale);
  }
  if (config.window_steps < 0 || config.window_steps > kMaxSize) {
    return fmt::format("window_steps is {}: it must be in [0, {}]",
                       config.window_steps, kMaxSize);
  }
  return {};
}

const nlohmann::json& require_field(const nlohmann::json& json,
                                    const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) {
    throw base::input_error("the field {} is missing", name);
  }
  return *found;
}

int64_t require_integer(const nlohmann::json& json, const char* name) {
  const nlohmann::json& value = require_field(json, name);
  if (!value.is_number_integer()) {
    throw base::input_error("{} is {}, not an integer", name,
                            data::summarize_json(value));
  }
  return value.get<int64_t>();
}

// Returns whether the value, which must be one of two strings, is the second.
bool is_second_choice(const nlohmann::json& value, const char* name,
                      const char* first, const char* second) {
  if (value == first) {
    return false;
  }
  if (value == second) {
    return true;
  }
  throw base::input_error("{} is {}: it must be \"{}\" or \"{}\"", name,
                          data::summarize_json(value), first, second);
}

// Reads the fields of a document whose kind and version have been checked.
ModelConfig parse_fields(const nlohmann::json& json) {
  ModelConfig config;
  for (const auto& field : kIntegerFields) {
    config.*field.member = require_integer(json, field.name);
  }
  config.position = is_second_choice(require_field(json, "position"),
                                     "position", "relative", "rotary")
                        ? PositionEncoding::rotary
                        : PositionEncoding::relative;
  config.action_position =
      is_second_choice(json.value("action_position", nlohmann::json("shared")),
                       "action_position", "shared", "none")
          ? ActionPositionEncoding::none
          : ActionPositionEncoding::shared;
  config.document_mask = data::bool_or(json, "document_mask", false);
  if (const auto scale = json.find("logit_scale"); scale != json.end()) {
    if (!scale->is_number()) {
      throw base::input_error("logit_scale is {}, not a number", scale->dump());
    }
    config.logit_scale = scale->get<double>();
  }
  if (json.contains("window_steps")) {
    config.window_steps = require_integer(json, "window_steps");
  }
  config.vocabulary =
      data::Vocabulary::from_json(require_field(json, "vocabulary"));
  const nlohmann::json empty = nlohmann::json::array();
  config.tasks =
      data::TaskTable::from_json({{"tasks", json.value("tasks", empty)},
                                  {"sources", json.value("sources", empty)}});
  if (const std::string error = validation_error(config); !error.empty()) {
    throw base::input_error("{}", error);
  }
  return config;
}

}  // namespace

nlohmann::json ModelConfig::to_json() const {
  nlohmann::json json = data::format_to_json(data::kModelFormat);
  for (const auto& field : kIntegerFields) {
    json[field.name] = this->*field.member;
  }
  json["position"] =
      position == PositionEncoding::relative ? "relative" : "rotary";
  json["action_position"] =
      action_position == ActionPositionEncoding::shared ? "shared" : "none";
  json["document_mask"] = document_mask;
  json["logit_scale"] = logit_scale;
  json["window_steps"] = window_steps;
  json["vocabulary"] = vocabulary.to_json();
  const nlohmann::json table = tasks.to_json();
  json["tasks"] = table.at("tasks");
  json["sources"] = table.at("sources");
  return json;
}

ModelConfig ModelConfig::from_json(const nlohmann::json& json,
                                   const std::string& label) {
  data::check_format(json, data::kModelFormat, label);
  return base::with_context(label, [&] { return parse_fields(json); });
}

void ModelConfig::validate() const {
  if (const std::string error = validation_error(*this); !error.empty()) {
    throw base::usage_error("{}", error);
  }
}

}  // namespace gato::model
