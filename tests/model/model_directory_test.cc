#include "gato/model/model_directory.h"

#include <ATen/ATen.h>

#include <cmath>
#include <fstream>
#include <map>

#include "catch.h"
#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

namespace fs = std::filesystem;

base::ExitStatus status_of(const fs::path& path) {
  try {
    load_model(path);
  } catch (const base::Error& error) {
    return error.status();
  }
  return base::ExitStatus::success;
}

Network network_with_text_model() {
  ModelConfig config = test::tiny_config();
  config.vocabulary.sentencepiece_model = "the bytes of a text model";
  config.vocabulary.digest =
      base::digest_bytes(config.vocabulary.sentencepiece_model);
  return Network(config, 1);
}

}  // namespace

TEST_CASE("A model directory is read as it was written") {
  const base::TemporaryDirectory directory("gato-test");
  const Network network = network_with_text_model();
  write_model(directory.path(), network);
  data::write_manifest(directory.path());
  const LoadedModel model = load_model(directory.path());
  CHECK(at::equal(model.network->flat_parameters(), network.flat_parameters()));
  CHECK(model.network->config().to_json() == network.config().to_json());
  CHECK(model.network->config().vocabulary.sentencepiece_model ==
        network.config().vocabulary.sentencepiece_model);
  CHECK(model.demonstrations.empty());
}

TEST_CASE("A run resolves to its latest checkpoint") {
  const base::TemporaryDirectory run("gato-test");
  CHECK(status_of(run.path() / "none") == base::ExitStatus::io);
  CHECK(status_of(run.path()) == base::ExitStatus::bad_input);
  const fs::path file = run.path() / "words.txt";
  base::write_file(file, "other", /*force=*/true);
  CHECK(status_of(file) == base::ExitStatus::bad_input);
  fs::create_directory(run.path() / "step-10");
  fs::create_symlink("step-10", run.path() / "latest");
  write_model(run.path() / "step-10", network_with_text_model());
  CHECK(resolve_model_directory(run.path()) == run.path() / "latest");
  CHECK(status_of(run.path()) == base::ExitStatus::success);
}

TEST_CASE("The configuration and the weights suffice to load a model") {
  const base::TemporaryDirectory directory("gato-test");
  write_model(directory.path(), network_with_text_model());
  fs::remove(directory.path() / "tokenizer.model");
  const LoadedModel model = load_model(directory.path());
  CHECK(model.network->config().vocabulary.sentencepiece_model.empty());
}

TEST_CASE("Weights of fp16 and bf16 are read as fp32") {
  const base::TemporaryDirectory directory("gato-test");
  const Network network = network_with_text_model();
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    INFO(at::toString(type));
    write_model(directory.path(), network, {}, {type, {}});
    const LoadedModel model = load_model(directory.path());
    CHECK(model.network->flat_parameters().scalar_type() == at::kFloat);
    CHECK(at::equal(model.network->flat_parameters(),
                    network.flat_parameters().to(type).to(at::kFloat)));
  }
}

TEST_CASE("Weights of another type or that are not finite are refused") {
  Network network = network_with_text_model();
  std::map<std::string, at::Tensor> weights;
  for (const Parameter& parameter : network.parameters()) {
    weights[parameter.name] = parameter.value.clone();
  }
  const auto refuse = [&](const at::Tensor& weight, const std::string& reason) {
    weights["output_norm.bias"] = weight;
    CHECK_THROWS_WITH(
        Network(network.config(), weights),
        Catch::Contains("output_norm.bias") && Catch::Contains(reason));
  };
  refuse(at::zeros({16}, at::kInt), "fp32, fp16 or bf16");
  refuse(at::full({16}, NAN, at::kFloat), "NaN");
  refuse(at::full({16}, 1e6, at::kFloat).to(at::kHalf), "fp16");
  refuse(at::zeros({15}, at::kHalf), "15");
}

TEST_CASE("A corrupt model directory is refused") {
  const base::TemporaryDirectory directory("gato-test");
  write_model(directory.path(), network_with_text_model());
  const fs::path weights = directory.path() / "model.safetensors";
  SECTION("a changed byte, detected by the manifest") {
    data::write_manifest(directory.path());
    std::fstream file(weights, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('x');
    file.close();
    CHECK(status_of(directory.path()) == base::ExitStatus::bad_input);
  }
  SECTION("a missing file, detected by the manifest") {
    data::write_manifest(directory.path());
    fs::remove(directory.path() / "tokenizer.model");
    CHECK(status_of(directory.path()) == base::ExitStatus::bad_input);
  }
  SECTION("missing weights") {
    fs::remove(weights);
    CHECK(status_of(directory.path()) == base::ExitStatus::io);
  }
  SECTION("weights of another network") {
    Network other(test::tiny_config(PositionEncoding::rotary), 1);
    const base::TemporaryDirectory another("gato-test");
    write_model(another.path(), other);
    fs::copy_file(another.path() / "model.safetensors", weights,
                  fs::copy_options::overwrite_existing);
    CHECK(status_of(directory.path()) == base::ExitStatus::bad_input);
  }
  SECTION("another text model") {
    base::write_file(directory.path() / "tokenizer.model", "other bytes", true);
    CHECK(status_of(directory.path()) == base::ExitStatus::bad_input);
  }
  SECTION("a pointer of Git LFS") {
    base::write_file(weights,
                     "version https://git-lfs.github.com/spec/v1\noid sha256:" +
                         std::string(64, '0') + "\nsize 5\n",
                     true);
    CHECK_THROWS_WITH(load_model(directory.path()),
                      Catch::Contains("git lfs pull"));
  }
  SECTION("an invalid configuration") {
    const fs::path path = directory.path() / "config.json";
    const auto [name, value] = GENERATE(table<std::string, nlohmann::json>(
        {{"kind", "other"}, {"layers", "two"}, {"vocabulary", 3}}));
    auto json = nlohmann::json::parse(base::read_file(path));
    json[name] = value;
    base::write_file(path, json.dump(), true);
    INFO(name);
    CHECK_THROWS_WITH(load_model_config(directory.path()),
                      Catch::StartsWith(path.string() + ": ") &&
                          !Catch::Contains("config.json: config.json"));
  }
  SECTION("invalid JSON") {
    base::write_file(directory.path() / "config.json", "{", true);
    CHECK(status_of(directory.path()) == base::ExitStatus::bad_input);
  }
}

}  // namespace gato::model
