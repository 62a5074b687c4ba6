#include "gato/commands/rollout/environment_report.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "gato/base/text_table.h"
#include "gato/rollout/environment_checker.h"

namespace gato::commands {

void list_environments(const EnvironmentOptions& options, bool only_built_in,
                       bool is_long) {
  const env::EnvironmentCatalog catalog = environment_catalog(options);
  base::TextTable table({"name", "kind", "description"});
  for (const env::EnvironmentEntry& entry :
       only_built_in ? env::EnvironmentCatalog::list_built_in()
                     : catalog.list()) {
    if (is_long) {
      table.add_row({entry.name, entry.is_built_in ? "built in" : "external",
                     entry.description});
    } else {
      std::cout << entry.name << '\n';
    }
  }
  if (!is_long) {
    return;
  }
  if (!only_built_in) {
    for (const env::ExternalDomain& domain : catalog.uninstalled_domains()) {
      table.add_row({domain.name + "/*", "not installed",
                     fmt::format("{} (scripts/environments {})",
                                 domain.description, domain.name)});
    }
  }
  std::cout << table.to_string();
}

base::ExitStatus check_environments(const EnvironmentOptions& options,
                                    uint64_t seed) {
  bool all_passed = true;
  for (const NamedEnvironment& named : find_environments(options)) {
    const std::unique_ptr<env::Environment> environment = named.make();
    base::TextTable table({"check", "result", "detail"});
    for (const rollout::EnvironmentCheckResult& check :
         rollout::check_environment(*environment, seed)) {
      const char* result = !check.passed      ? "FAILED"
                           : check.is_warning ? "warning"
                                              : "ok";
      table.add_row({check.name, result, check.detail});
      all_passed &= check.passed;
    }
    std::cout << table.to_string();
  }
  return all_passed ? base::ExitStatus::success : base::ExitStatus::run_failed;
}

}  // namespace gato::commands
