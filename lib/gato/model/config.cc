#include "gato/model/config.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/format.h"

namespace gato {
namespace {

// Bounds that no sensible model reaches; they keep sizes far from overflow.
constexpr int64_t maximum_extent = 1 << 20;

struct IntegerField {
  const char* name;
  int64_t ModelConfig::*member;
  int64_t minimum;
};
constexpr std::array integer_fields = {
    IntegerField{"layers", &ModelConfig::layers, 1},
    IntegerField{"width", &ModelConfig::width, 2},
    IntegerField{"heads", &ModelConfig::heads, 1},
    IntegerField{"key_size", &ModelConfig::key_size, 1},
    IntegerField{"feedforward", &ModelConfig::feedforward, 2},
    IntegerField{"context", &ModelConfig::context, 1},
};

// What is wrong with the configuration, or nothing.
std::string fault_of(const ModelConfig& config) {
  for (const auto& field : integer_fields) {
    const int64_t value = config.*field.member;
    if (value < field.minimum || value > maximum_extent)
      return fmt::format("{} is {}: it must be in [{}, {}]", field.name, value,
                         field.minimum, maximum_extent);
  }
  if (config.width % 2)
    return fmt::format("width is {}: it must be even", config.width);
  if (config.feedforward % 2)
    return fmt::format("feedforward is {}: it must be even",
                       config.feedforward);
  if (config.position == Position::rotary && config.key_size % 2)
    return fmt::format("key_size is {}: rotary positions need an even one",
                       config.key_size);
  if (!(config.logit_scale > 0 && config.logit_scale <= 1e6))
    return fmt::format("logit_scale is {}: it must be in (0, 1e6]",
                       config.logit_scale);
  if (config.window_steps < 0 || config.window_steps > maximum_extent)
    return fmt::format("window_steps is {}: it must be in [0, {}]",
                       config.window_steps, maximum_extent);
  return {};
}

const nlohmann::json& field_of(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end())
    throw input_error("config.json: the field {} is missing", name);
  return *found;
}

int64_t integer_of(const nlohmann::json& json, const char* name) {
  const nlohmann::json& value = field_of(json, name);
  if (!value.is_number_integer())
    throw input_error("config.json: {} is {}, not an integer", name,
                      value.dump());
  return value.get<int64_t>();
}

// Of a field that is one of two words: whether it is the second.
bool is_second(const nlohmann::json& value, const char* name, const char* first,
               const char* second) {
  if (value == first) return false;
  if (value == second) return true;
  throw input_error("config.json: {} is {}: it must be \"{}\" or \"{}\"", name,
                    value.dump(), first, second);
}

}  // namespace

nlohmann::json ModelConfig::to_json() const {
  nlohmann::json json = format_fields(model_format);
  for (const auto& field : integer_fields)
    json[field.name] = this->*field.member;
  json["position"] = position == Position::relative ? "relative" : "rotary";
  json["action_position"] =
      action_position == ActionPosition::shared ? "shared" : "none";
  json["logit_scale"] = logit_scale;
  json["window_steps"] = window_steps;
  json["vocabulary"] = vocabulary.to_json();
  const nlohmann::json table = tasks.to_json();
  json["tasks"] = table.at("tasks");
  json["sources"] = table.at("sources");
  return json;
}

ModelConfig ModelConfig::from_json(const nlohmann::json& json) {
  check_format(json, model_format, "config.json");
  ModelConfig config;
  for (const auto& field : integer_fields)
    config.*field.member = integer_of(json, field.name);
  config.position =
      is_second(field_of(json, "position"), "position", "relative", "rotary")
          ? Position::rotary
          : Position::relative;
  config.action_position =
      is_second(json.value("action_position", nlohmann::json("shared")),
                "action_position", "shared", "none")
          ? ActionPosition::none
          : ActionPosition::shared;
  if (const auto scale = json.find("logit_scale"); scale != json.end()) {
    if (!scale->is_number())
      throw input_error("config.json: logit_scale is {}, not a number",
                        scale->dump());
    config.logit_scale = scale->get<double>();
  }
  if (json.contains("window_steps"))
    config.window_steps = integer_of(json, "window_steps");
  config.vocabulary = Vocabulary::from_json(field_of(json, "vocabulary"));
  const nlohmann::json none = nlohmann::json::array();
  config.tasks =
      TaskTable::from_json({{"tasks", json.value("tasks", none)},
                            {"sources", json.value("sources", none)}});
  if (const std::string fault = fault_of(config); !fault.empty())
    throw input_error("config.json: {}", fault);
  return config;
}

void ModelConfig::validate() const {
  if (const std::string fault = fault_of(*this); !fault.empty())
    throw usage_error("{}", fault);
}

}  // namespace gato
