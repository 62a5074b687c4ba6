#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "catch.h"
#include "gato/model/parameters.h"

namespace gato::model {
namespace {

// Presets are flat: lines of "key = value" and comments.
std::map<std::string, std::string> read_values(const std::string& name) {
  std::ifstream file(GATO_SOURCE_DIR "/share/gato/presets/" + name + ".toml");
  REQUIRE(file);
  std::map<std::string, std::string> values;
  std::string line;
  while (std::getline(file, line)) {
    const size_t equals = line.find(" = ");
    if (line.starts_with("#") || equals == std::string::npos) {
      continue;
    }
    values[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return values;
}

ModelConfig preset(const std::string& name) {
  const auto values = read_values(name);
  ModelConfig config;
  config.layers = std::stoll(values.at("layers"));
  config.width = std::stoll(values.at("width"));
  config.heads = std::stoll(values.at("heads"));
  config.key_size = std::stoll(values.at("key-size"));
  config.feedforward = std::stoll(values.at("feedforward"));
  config.context = std::stoll(values.at("context"));
  config.position = values.at("position") == "\"rotary\""
                        ? PositionEncoding::rotary
                        : PositionEncoding::relative;
  config.validate();
  return config;
}

}  // namespace

TEST_CASE("The paper's presets have the paper's parameter counts") {
  const auto [name, millions] =
      GENERATE(std::pair("gato-79m", 79.0), std::pair("gato-364m", 364.0),
               std::pair("gato-1.2b", 1180.0));
  ModelConfig config = preset(name);
  config.vocabulary =
      data::Vocabulary::make("", 32000, data::DiscreteLayout::overlap);
  INFO(name << ": " << parameter_count(config));
  CHECK(std::abs(parameter_count(config) / (millions * 1e6) - 1) < 0.01);
}

TEST_CASE("The small preset has fewer than 1.5 million parameters") {
  ModelConfig config = preset("small");
  config.vocabulary =
      data::Vocabulary::make("", 1024, data::DiscreteLayout::overlap);
  CHECK(parameter_count(config) < 1'500'000);
}

}  // namespace gato::model
