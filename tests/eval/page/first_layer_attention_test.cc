// Compares the attention with tests/reference/attention_reference.py, whose
// weights and pixels are computed here as there.
#include "gato/eval/page/first_layer_attention.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/sample_documents.h"
#include "eval/write_weights.h"
#include "gato/data/array.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;

namespace {

constexpr int64_t kWidth = 16, kHeads = 3, kKeySize = 4;

// Returns element i of tensor number `tensor`, in [-1, 1).
double hashed_uniform(uint32_t tensor, uint32_t i) {
  uint32_t z = (i + 1) * 2654435761U + tensor * 40503U;
  for (int round = 0; round < 2; ++round) {
    z = (z ^ (z >> 16)) * 0x45d9f3bU;
  }
  return (z ^ (z >> 16)) / 0x1p31 - 1;
}

std::map<std::string, std::vector<int64_t>> shapes(bool is_relative) {
  const std::string patch = "embedding.patch.", block = "blocks.0.";
  std::map<std::string, std::vector<int64_t>> shapes = {
      {"embedding.tokens", {2049, kWidth}},
      {"embedding.local", {512, kWidth}},
      {"embedding.action", {kWidth}},
      {"embedding.rows", {128, kWidth}},
      {"embedding.columns", {128, kWidth}},
      {patch + "stem.weight", {64, 3, 3, 3}},
      {patch + "conv1.weight", {64, 64, 3, 3}},
      {patch + "conv2.weight", {64, 64, 3, 3}},
      {patch + "skip.weight", {64, 64, 1, 1}},
      {patch + "project.weight", {48, 64, 1, 1}},
      {patch + "project.bias", {48}},
      {patch + "linear.weight", {kWidth, 768}},
      {patch + "linear.bias", {kWidth}},
      {block + "attention_norm.weight", {kWidth}},
      {block + "attention_norm.bias", {kWidth}},
      {block + "attention.qkv", {3 * kHeads * kKeySize, kWidth}}};
  for (const char* name :
       {"stem.bias", "conv1.bias", "conv2.bias", "skip.bias", "norm1.weight",
        "norm1.bias", "norm2.weight", "norm2.bias"}) {
    shapes[patch + name] = {64};
  }
  if (is_relative) {
    shapes[block + "attention.relative"] = {kHeads * kKeySize, kWidth};
    shapes[block + "attention.content_bias"] = {kHeads, kKeySize};
    shapes[block + "attention.position_bias"] = {kHeads, kKeySize};
  }
  return shapes;
}

std::map<std::string, WeightTensor> hashed_weights(bool is_relative) {
  std::map<std::string, WeightTensor> weights;
  uint32_t number = 0;
  for (const auto& [name, shape] : shapes(is_relative)) {
    const int64_t count = data::element_count(shape);
    const double scale =
        shape.size() > 1
            ? 1.5 / std::sqrt(static_cast<double>(count / shape.front()))
            : 0.3;
    const bool is_norm =
        name.find("norm") != std::string::npos && name.ends_with(".weight");
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(
          is_norm + scale * hashed_uniform(number, static_cast<uint32_t>(i))));
    }
    weights[name] = {shape, std::move(values)};
    ++number;
  }
  return weights;
}

nlohmann::json config(const std::string& position) {
  return {{"width", kWidth},
          {"heads", kHeads},
          {"key_size", kKeySize},
          {"position", position},
          {"vocabulary", data::Vocabulary::without_text().to_json()}};
}

// Two by two patches, of which the first and the last are equal, two
// observations, the separator and two actions.
data::TokenRow sample_row() {
  data::TokenRow row;
  for (int patch = 0; patch < 3; ++patch) {
    data::Patch& pixels = row.patches.emplace_back();
    for (size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<uint8_t>((i * (7 + static_cast<size_t>(patch)) +
                                        13 * static_cast<size_t>(patch)) %
                                       256);
    }
  }
  using data::Modality;
  int16_t local = 0;
  for (const int64_t patch : {0, 1, 2, 0}) {
    row.push_back(data::patch_token(patch), Modality::patch, local,
                  data::patch_interval(local / 2, local % 2, 2, 2));
    ++local;
  }
  row.push_back(100, Modality::continuous_observation, 4);
  row.push_back(900, Modality::continuous_observation, 5);
  row.push_back(2048, Modality::separator, data::TokenRow::kNoLocalPosition);
  for (const int32_t token : {17, 1023}) {
    row.push_back(token, Modality::continuous_action,
                  data::TokenRow::kActionLocalPosition);
  }
  return row;
}

void compare(const std::vector<float>& actual, const nlohmann::json& expected) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    CHECK(actual[i] == Approx(expected[i].get<double>()).margin(2e-5));
  }
}

}  // namespace

TEST_CASE("Attention of the first layer equals the reference") {
  const auto reference = nlohmann::json::parse(
      file_bytes(GATO_SOURCE_DIR "/tests/reference/attention.json"));
  for (const std::string position : {"relative", "rotary"}) {
    const TestDirectory directory;
    write_weights(directory / "w.safetensors",
                  hashed_weights(position == "relative"));
    ModelWeights weights(directory / "w.safetensors");
    const StepAttention attention =
        attend_in_first_layer(weights, config(position), sample_row());
    CHECK(attention.heads == kHeads);
    CHECK(attention.tokens == 9);
    compare(attention.weights, reference.at(position).at("weights"));
    compare(attention.means, reference.at(position).at("means"));
  }
}

TEST_CASE("Weights that do not fit their configuration are refused") {
  const TestDirectory directory;
  auto tensors = hashed_weights(false);
  tensors.erase("embedding.rows");
  write_weights(directory / "w.safetensors", tensors);
  ModelWeights weights(directory / "w.safetensors");
  const auto refusal = thrown_error(
      [&] { attend_in_first_layer(weights, config("rotary"), sample_row()); });
  CHECK(refusal.status() == base::ExitStatus::bad_input);
  CHECK_THAT(refusal.what(), Catch::Contains("embedding.rows"));
  auto wider = config("rotary");
  wider["width"] = 32;
  CHECK_THAT(thrown_error([&] {
               attend_in_first_layer(weights, wider, sample_row());
             }).what(),
             Catch::Contains("config.json requires"));
}

TEST_CASE("Weights in half precision are read") {
  const TestDirectory directory;
  // 1, -2, the smallest subnormal number and infinity.
  std::string data("\x00\x3c\x00\xc0\x01\x00\x00\x7c", 8);
  const std::string header =
      R"({"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  std::ofstream(directory / "h.safetensors") << file << header << data;
  ModelWeights weights(directory / "h.safetensors");
  const std::vector<float> values = weights.read("h", {4});
  CHECK(values == std::vector<float>{1, -2, 0x1p-24F, INFINITY});
}
