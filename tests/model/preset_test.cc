#include <toml++/toml.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "gato/model/parameters.h"

namespace gato {
namespace {

ModelConfig preset(const std::string& name) {
  const toml::table table =
      toml::parse_file(GATO_SOURCE_DIR "/share/gato/presets/" + name + ".toml");
  const auto integer = [&](const char* key) {
    return table[key].value<int64_t>().value();
  };
  ModelConfig config;
  config.layers = integer("layers");
  config.width = integer("width");
  config.heads = integer("heads");
  config.key_size = integer("key-size");
  config.feedforward = integer("feedforward");
  config.context = integer("context");
  config.position = table["position"].value<std::string>() == "rotary"
                        ? Position::rotary
                        : Position::relative;
  config.validate();
  return config;
}

}  // namespace

TEST_CASE("The paper's presets have the paper's parameter counts") {
  const auto [name, millions] =
      GENERATE(std::pair("gato-79m", 79.0), std::pair("gato-364m", 364.0),
               std::pair("gato-1.2b", 1180.0));
  ModelConfig config = preset(name);
  config.vocabulary = Vocabulary::make("", 32000, DiscreteLayout::overlap);
  INFO(name << ": " << parameter_count(config));
  CHECK(std::abs(parameter_count(config) / (millions * 1e6) - 1) < 0.01);
}

TEST_CASE("The small preset is small") {
  ModelConfig config = preset("small");
  config.vocabulary = Vocabulary::make("", 1024, DiscreteLayout::overlap);
  CHECK(parameter_count(config) < 1'500'000);
}

}  // namespace gato
