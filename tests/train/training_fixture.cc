#include "train/training_fixture.h"

#include <fstream>
#include <sstream>

#include "gato/commands/train/train.h"
#include "model/tiny_model.h"
#include "train/synthetic_data.h"

namespace gato::test {

TrainingFixture::TrainingFixture() {
  write_synthetic_sequences(data_path, {.has_demonstrations = true});
  config_path = folder.write_file("tiny.toml", tiny_config_toml(16) + R"(
batch-size = 8
micro-batch = 2
learning-rate = 1e-2
warmup-steps = 2
decay-steps = 100
stochastic-depth = 0.1
dropout = 0.1
target-smoothing = 2.0
precision = "fp32"
log-every = 1
threads = 1
)");
}

std::vector<std::string> TrainingFixture::arguments(
    const std::string& run, std::vector<std::string> more) const {
  std::vector<std::string> all = {"--data",    data_path,         "--config",
                                  config_path, "--no-provenance", "-o",
                                  run};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

RunResult TrainingFixture::train(const std::string& run,
                                 std::vector<std::string> more) const {
  return run_gato_train(arguments(run, std::move(more)));
}

RunResult run_gato_train(std::vector<std::string> arguments) {
  return run_command("gato-train", commands::train_command(),
                     std::move(arguments));
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

}  // namespace gato::test
