#include <catch2/catch.hpp>

#include "gato/cli/common_options.h"
#include "gato/cli/toml_config.h"
#include "gato/commands/finetune.h"
#include "gato/commands/train.h"

using namespace gato;
using namespace gato::commands;

TEST_CASE("Every option of a command that resumes says what --resume does") {
  for (const cli::Command& command : {train_command(), finetune_command()}) {
    cli::CommonOptions common;
    cli::InvocationOptions invocation;
    cli::OptionTable table;
    cli::build_option_table(command, common, invocation, table);
    for (const auto& option : table.options()) {
      if (!option->is_in_config) {
        continue;
      }
      INFO(command.summary << ": --" << option->name);
      CHECK(option->on_resume != cli::OnResume::unspecified);
    }
    // A spot check of each kind.
    CHECK(table.find("seed")->on_resume == cli::OnResume::fixed);
    CHECK(table.find("steps")->on_resume == cli::OnResume::may_change);
    CHECK(table.find("threads")->on_resume == cli::OnResume::per_invocation);
    const nlohmann::json fixed =
        cli::fixed_configuration(table, cli::configuration_json(table));
    CHECK(fixed.contains("batch-size"));
    CHECK(!fixed.contains("steps"));
    CHECK(!fixed.contains("threads"));
    const std::string stored =
        cli::to_toml(table, cli::ConfigScope::without_per_invocation);
    CHECK_THAT(stored, Catch::Contains("\nsteps = "));
    CHECK_THAT(stored, !Catch::Contains("\nthreads = "));
  }
}
