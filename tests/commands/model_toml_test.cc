// The TOML inputs of the programs that need the network, with a wrong type in
// every value.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "catch.h"
#include "cli/json_mutations.h"
#include "cli/toml_mutations.h"
#include "gato/commands/eval/eval_loss.h"
#include "gato/commands/eval/eval_text.h"
#include "gato/commands/rollout/rollout_answer.h"
#include "gato/commands/rollout/rollout_caption.h"
#include "gato/commands/rollout/rollout_chat.h"
#include "gato/commands/rollout/rollout_control.h"
#include "gato/commands/train/finetune.h"
#include "gato/commands/train/train.h"
#include "train/training_fixture.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using nlohmann::json;

namespace {

// Makes a directory that of the shared files.
class ScopedShareDirectory {
 public:
  explicit ScopedShareDirectory(const std::string& path) {
    setenv("GATO_SHARE", path.c_str(), 1);
  }
  ~ScopedShareDirectory() { unsetenv("GATO_SHARE"); }
  ScopedShareDirectory(const ScopedShareDirectory&) = delete;
  ScopedShareDirectory& operator=(const ScopedShareDirectory&) = delete;
};

std::vector<std::string> keys_of(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.push_back(key);
  }
  return keys;
}

}  // namespace

TEST_CASE("Options of commands with a network may have wrong types") {
  check_options_types({"gato-train", "", "", {train_command()}, {}});
  check_options_types({"gato-finetune", "", "", {finetune_command()}, {}});
  check_options_types({"gato-rollout",
                       "",
                       "",
                       {rollout_control_command(), rollout_caption_command(),
                        rollout_answer_command(), rollout_chat_command()},
                       {}});
  check_options_types({"gato-eval", "", "", {eval_loss_command()}, {}});
  check_options_types({"gato-eval", "", "", {eval_text_command()}, {}},
                      {{"references", "a.json"}, {"predictions", "b.jsonl"}});
}

TEST_CASE("A preset of wrong types is refused by name") {
  const ScratchDirectory share;
  std::filesystem::create_directories(share / "presets");
  const json preset =
      read_toml(GATO_SOURCE_DIR "/share/gato/presets/small.toml");
  const ScopedShareDirectory scope(share / "");
  check_configuration_types(
      share, preset, keys_of(preset), "presets/small.toml", [] {
        return run_gato_train({"--preset", "small", "--dump-config"});
      });
}

TEST_CASE("The configuration of a run of wrong types is refused by name") {
  const TrainingFixture fixture;
  const std::string run = fixture.run_path("run");
  REQUIRE(fixture.train(run, {"--steps", "1"}).status == 0);
  const json configuration = read_toml(run + "/config.toml");
  check_configuration_types(
      fixture.folder, configuration, keys_of(configuration), "run/config.toml",
      [&run] {
        return run_gato_train({"--resume", "-o", run, "--dump-config"});
      });
}
