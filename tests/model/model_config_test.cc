#include "gato/model/model_config.h"

#include "catch.h"
#include "gato/base/error.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

base::ExitStatus status_of(const nlohmann::json& json) {
  try {
    ModelConfig::from_json(json);
  } catch (const base::Error& error) {
    return error.status();
  }
  return base::ExitStatus::success;
}

}  // namespace

TEST_CASE("A configuration is the same after a round trip through JSON") {
  ModelConfig config = test::tiny_config(PositionEncoding::rotary);
  config.logit_scale = 0.25;
  config.window_steps = 2;
  config.action_position = ActionPositionEncoding::none;
  config.document_mask = true;
  const nlohmann::json json = config.to_json();
  CHECK(json.at("kind") == "gato-model");
  CHECK(ModelConfig::from_json(json).to_json() == json);
}

TEST_CASE("A configuration without the optional fields loads") {
  nlohmann::json json = test::tiny_config().to_json();
  for (const char* name : {"logit_scale", "window_steps", "action_position",
                           "document_mask", "tasks", "sources"}) {
    json.erase(name);
  }
  const ModelConfig config = ModelConfig::from_json(json);
  CHECK(config.logit_scale == 1);
  CHECK(config.window_steps == 0);
  CHECK(config.action_position == ActionPositionEncoding::shared);
  CHECK_FALSE(config.document_mask);
}

TEST_CASE("An invalid configuration is bad input") {
  const nlohmann::json good =
      test::tiny_config(PositionEncoding::rotary).to_json();
  REQUIRE(status_of(good) == base::ExitStatus::success);
  const auto [name, value] =
      GENERATE(table<std::string, nlohmann::json>({{"kind", "other"},
                                                   {"version", 2},
                                                   {"version", 0},
                                                   {"version", "1"},
                                                   {"layers", 0},
                                                   {"layers", "two"},
                                                   {"layers", 1.5},
                                                   {"width", 15},
                                                   {"heads", -1},
                                                   {"key_size", 7},
                                                   {"feedforward", 1LL << 40},
                                                   {"context", nullptr},
                                                   {"position", "absolute"},
                                                   {"action_position", 1},
                                                   {"document_mask", 1},
                                                   {"logit_scale", 0},
                                                   {"window_steps", -1},
                                                   {"vocabulary", 3},
                                                   {"tasks", 3}}));
  nlohmann::json bad = good;
  bad[name] = value;
  INFO(name << " = " << value);
  CHECK(status_of(bad) == base::ExitStatus::bad_input);
  bad.erase("layers");
  CHECK(status_of(bad) == base::ExitStatus::bad_input);
}

}  // namespace gato::model
