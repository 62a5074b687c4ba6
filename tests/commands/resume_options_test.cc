#include <catch2/catch.hpp>

#include "gato/cli/common_options.h"
#include "gato/cli/toml_config.h"
#include "gato/commands/rollout/rollout_control.h"
#include "gato/commands/train/finetune.h"
#include "gato/commands/train/train.h"

using namespace gato;
using namespace gato::commands;

namespace {

// The option table of a command. Building it throws if an option does not say
// what --resume does.
struct CommandTable {
  cli::CommonOptions common;
  cli::InvocationOptions invocation;
  cli::OptionTable table;
  cli::CommandFunction work;  // owns the options

  explicit CommandTable(const cli::Command& command)
      : work(cli::build_option_table(command, common, invocation, table)) {
    REQUIRE(command.can_resume);
  }
  nlohmann::json fixed() const {
    return cli::fixed_configuration(table, cli::configuration_json(table));
  }
};

}  // namespace

TEST_CASE("A training run keeps its options on --resume, except for some") {
  for (const cli::Command& command : {train_command(), finetune_command()}) {
    const CommandTable built(command);
    const cli::OptionTable& table = built.table;
    CHECK(table.find("seed")->on_resume == cli::OnResume::fixed);
    CHECK(table.find("steps")->on_resume == cli::OnResume::may_change);
    CHECK(table.find("threads")->on_resume == cli::OnResume::per_invocation);
    const nlohmann::json fixed = built.fixed();
    CHECK(fixed.contains("batch-size"));
    CHECK(!fixed.contains("steps"));
    CHECK(!fixed.contains("threads"));
    CHECK(fixed ==
          cli::fixed_configuration(table, cli::default_configuration(table)));
    const std::string stored =
        cli::to_toml(table, cli::ConfigScope::without_per_invocation);
    CHECK_THAT(stored, Catch::Contains("\nsteps = "));
    CHECK_THAT(stored, !Catch::Contains("\nthreads = "));
  }
}

TEST_CASE(
    "The episodes of a recording are fixed on --resume if a model plays") {
  const CommandTable built(rollout_control_command());
  for (const char* name : {"env", "max-steps", "noise", "seed", "shard"}) {
    INFO(name);
    CHECK(built.fixed().contains(name));
  }
  for (const char* name : {"output", "step-timeout", "threads", "video"}) {
    INFO(name);
    CHECK(!built.fixed().contains(name));
  }
  CHECK(!built.fixed().contains("episodes"));
  CHECK(!built.fixed().contains("batch"));
  cli::assign_value(*built.table.find("model"), {{"run"}, "option --model"});
  CHECK(built.fixed().contains("episodes"));
  CHECK(built.fixed().contains("batch"));
}
