#include "gato/commands/environment_options.h"

#include <algorithm>
#include <set>

#include "gato/base/error.h"

namespace gato::commands {

void add_environment_options(cli::OptionTable& table,
                             EnvironmentOptions& options) {
  table
      .add("env", &options.names,
           "Environments, built in or from an installed domain, such as "
           "arcade/catch or 'control/*'; gato-rollout control --list-envs "
           "lists them")
      .metavar("NAME...")
      .fixed_on_resume();
  table
      .add("env-command", &options.commands,
           "Shell command that starts an external environment; can be repeated "
           "and combined with --env")
      .repeatable()
      .metavar("CMD")
      .fixed_on_resume();
  table
      .add("env-path", &options.directories,
           "Directory with descriptions of domains, DOMAIN.toml, which take "
           "precedence over those of other directories; built-in domains "
           "cannot be replaced")
      .metavar("DIR...")
      .may_change_on_resume();
  table
      .add("env-option", &options.domain_options,
           "Option of an external domain, which overrides the default in its "
           "description; can be repeated")
      .metavar("NAME=VALUE")
      .fixed_on_resume();
  table
      .add("hello-timeout", &options.hello_timeout,
           "Seconds to wait for an external environment to start")
      .metavar("S")
      .range(0.001, 1e6)
      .may_change_on_resume();
  table
      .add("step-timeout", &options.step_timeout,
           "Seconds to wait for each reply of an external environment")
      .metavar("S")
      .range(0.001, 1e6)
      .may_change_on_resume();
}

env::EnvironmentCatalog environment_catalog(const EnvironmentOptions& options) {
  return env::EnvironmentCatalog({options.directories,
                                  options.domain_options,
                                  {.hello_timeout = options.hello_timeout,
                                   .step_timeout = options.step_timeout}});
}

std::vector<NamedEnvironment> find_environments(
    const EnvironmentOptions& options) {
  const auto catalog = std::make_shared<const env::EnvironmentCatalog>(
      environment_catalog(options));
  const std::vector<std::string> builtin_names =
      env::builtin_environment_names();
  std::vector<NamedEnvironment> environments;
  std::set<std::string> seen_names;
  for (const std::string& name : catalog->resolve(options.names)) {
    if (!seen_names.insert(name).second) {
      throw base::usage_error(
          "--env names {} twice: use --episodes for more episodes", name);
    }
    environments.push_back({name,
                            !std::ranges::binary_search(builtin_names, name),
                            [catalog, name] { return catalog->make(name); }});
  }
  const env::ExternalEnvironmentOptions external{
      .hello_timeout = options.hello_timeout,
      .step_timeout = options.step_timeout};
  for (const std::string& command : options.commands) {
    if (!seen_names.insert(command).second) {
      throw base::usage_error(
          "--env-command names '{}' twice: use --episodes for more episodes",
          command);
    }
    environments.push_back({command, /*is_external=*/true, [command, external] {
                              return env::start_external_environment(command,
                                                                     external);
                            }});
  }
  return environments;
}

}  // namespace gato::commands
