#include "tokenize/tokenize_reference.h"

#include <fstream>
#include <iterator>
#include <utility>

namespace gato::test {
namespace {

std::ifstream open_reference(const std::string& name) {
  return std::ifstream(GATO_SOURCE_DIR "/tests/reference/" + name,
                       std::ios::binary);
}

}  // namespace

nlohmann::json load_reference(const std::string& part) {
  auto file = open_reference("tokenize_reference.json");
  return nlohmann::json::parse(file).at(part);
}

data::Array make_pattern(std::vector<int64_t> shape, int64_t seed) {
  data::Array array = data::Array::zeros(data::DType::uint8, std::move(shape));
  for (int64_t i = 0; i < array.size(); ++i) {
    array.set_integer(i, (i * 7919 + seed * 101) % 251);
  }
  return array;
}

std::string text_model_bytes() {
  auto file = open_reference("text.model");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace gato::test
