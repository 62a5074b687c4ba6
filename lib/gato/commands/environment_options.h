// The options that choose environments, which several commands have.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gato/cli/option_table.h"
#include "gato/env/environment_catalog.h"

namespace gato::commands {

struct EnvironmentOptions {
  std::vector<std::string> names;  // and patterns
  std::vector<std::string> commands;
  std::vector<std::string> directories;  // with descriptions of domains
  std::map<std::string, std::string> domain_options;
  double hello_timeout = 60, step_timeout = 60;  // seconds
};

// Adds --env, --env-command, --env-path, --env-option, --hello-timeout and
// --step-timeout.
void add_environment_options(cli::OptionTable& table,
                             EnvironmentOptions& options);

// Returns the catalog of the options.
env::EnvironmentCatalog environment_catalog(const EnvironmentOptions& options);

// An environment that the options name.
struct NamedEnvironment {
  std::string name;          // DOMAIN/TASK, or the command
  bool is_external = false;  // runs in a process of its own
  // May be called by several threads at the same time.
  std::function<std::unique_ptr<env::Environment>()> make;
};

// Returns those of --env, whose patterns are resolved, then those of
// --env-command. Throws Error(usage) if a name is unknown or given twice.
std::vector<NamedEnvironment> find_environments(
    const EnvironmentOptions& options);

}  // namespace gato::commands
