// Descriptions of external domains are read only when a name is not that of a
// built-in environment, because a tasks-command may take seconds. A description
// with the name of a built-in domain is found by the name of its file.
#include "gato/env/environment_catalog.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/share_directory.h"
#include "gato/base/spelling.h"
#include "gato/env/builtin_environment.h"

namespace gato::env {
namespace {

namespace fs = std::filesystem;

// Returns the part of a name before the first '/'.
std::string domain_name(const std::string& name) {
  return name.substr(0, name.find('/'));
}

bool is_pattern(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

// Returns the directories in which domains are described, in the order of
// precedence.
std::vector<fs::path> description_directories(
    const std::vector<std::string>& given) {
  std::vector<fs::path> directories(given.begin(), given.end());
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config != nullptr && *config != '\0') {
    directories.push_back(fs::path(config) / "gato" / "envs");
  } else if (home != nullptr && *home != '\0') {
    directories.push_back(fs::path(home) / ".config" / "gato" / "envs");
  }
  try {
    directories.push_back(base::share_directory() / "envs");
  } catch (const base::Error&) {
    // A program of another project may have no share directory.
  }
  return directories;
}

// Returns the descriptions in a directory, sorted; none if there is no such
// directory.
std::vector<fs::path> find_descriptions(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".toml") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

base::Error built_in_error(const fs::path& file, const std::string& domain) {
  return base::usage_error(
      "{}: the domain '{}' is built in: choose another name", file.string(),
      domain);
}

}  // namespace

EnvironmentCatalog::EnvironmentCatalog(EnvironmentCatalogOptions options)
    : options_(std::move(options)) {
  for (const std::string& directory : options_.directories) {
    if (!fs::is_directory(directory)) {
      throw base::usage_error("--env-path {}: not a directory", directory);
    }
  }
}

std::map<std::string, EnvironmentCatalog::Domain>& EnvironmentCatalog::domains()
    const {
  if (domains_) {
    return *domains_;
  }
  std::set<std::string> built_in;
  for (const std::string& name : builtin_environment_names()) {
    built_in.insert(domain_name(name));
  }
  std::map<std::string, Domain> domains;
  for (const fs::path& directory :
       description_directories(options_.directories)) {
    for (const fs::path& file : find_descriptions(directory)) {
      ExternalDomain description = read_external_domain(file);
      const std::string name = description.name;
      if (built_in.contains(name)) {
        throw built_in_error(file, name);
      }
      const bool installed = is_installed(description);
      domains.try_emplace(name, Domain{std::move(description), installed});
    }
  }
  return domains_.emplace(std::move(domains));
}

std::vector<std::string> EnvironmentCatalog::names_of(Domain& domain) const {
  if (!domain.tasks) {
    domain.tasks = list_tasks(domain.description);
  }
  std::vector<std::string> names;
  for (const std::string& task : *domain.tasks) {
    names.push_back(domain.description.name + "/" + task);
  }
  return names;
}

std::vector<EnvironmentEntry> EnvironmentCatalog::list_built_in() {
  std::vector<EnvironmentEntry> entries;
  for (const BuiltinTask& task : builtin_tasks()) {
    entries.push_back({task.name, task.description, true});
  }
  return entries;
}

std::vector<EnvironmentEntry> EnvironmentCatalog::list() const {
  std::vector<EnvironmentEntry> entries = list_built_in();
  for (auto& [name, domain] : domains()) {
    if (domain.is_installed) {
      for (const std::string& task : names_of(domain)) {
        entries.push_back({task, domain.description.description, false});
      }
    }
  }
  std::ranges::sort(entries, {}, &EnvironmentEntry::name);
  return entries;
}

std::vector<ExternalDomain> EnvironmentCatalog::uninstalled_domains() const {
  std::vector<ExternalDomain> uninstalled;
  for (const auto& [name, domain] : domains()) {
    if (!domain.is_installed) {
      uninstalled.push_back(domain.description);
    }
  }
  return uninstalled;
}

void EnvironmentCatalog::refuse_description_of(
    const std::string& built_in_domain) const {
  for (const fs::path& directory :
       description_directories(options_.directories)) {
    const fs::path file = directory / (built_in_domain + ".toml");
    std::error_code ignored;
    if (fs::exists(file, ignored)) {
      throw built_in_error(file, built_in_domain);
    }
  }
}

std::vector<std::string> EnvironmentCatalog::candidates(
    const std::string& pattern) const {
  std::vector<std::string> built_in = builtin_environment_names();
  const std::string wanted_domain = domain_name(pattern);
  std::erase_if(built_in, [&](const std::string& name) {
    return domain_name(name) != wanted_domain;
  });
  if (!built_in.empty()) {
    refuse_description_of(wanted_domain);
    return built_in;
  }
  const auto domain = domains().find(wanted_domain);
  if (domain != domains().end()) {
    if (!domain->second.is_installed) {
      throw base::usage_error(
          "{}: the domain '{}' is not installed in {}: run "
          "scripts/environments {} of the checkout, or {} {}",
          pattern, wanted_domain,
          python_environment(domain->second.description).string(),
          wanted_domain,
          (base::share_directory() / "envs" / "install").string(),
          wanted_domain);
    }
    return names_of(domain->second);
  }
  std::vector<std::string> all;
  for (const EnvironmentEntry& entry : list()) {
    all.push_back(entry.name);
  }
  return all;
}

std::vector<std::string> EnvironmentCatalog::resolve(
    const std::vector<std::string>& patterns) const {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns) {
    const std::vector<std::string> known = candidates(pattern);
    if (!is_pattern(pattern)) {
      if (std::ranges::find(known, pattern) == known.end()) {
        if (std::ranges::find(known, pattern, domain_name) != known.end()) {
          throw base::usage_error(
              "there is no environment '{}', but a domain of this name: '{}/*' "
              "matches its environments (--list-envs lists them)",
              pattern, pattern);
        }
        throw base::usage_error(
            "there is no environment '{}'{} (--list-envs lists them)", pattern,
            base::suggestion(pattern, known));
      }
      names.push_back(pattern);
      continue;
    }
    bool has_match = false;
    for (const std::string& name : known) {
      if (fnmatch(pattern.c_str(), name.c_str(), 0) == 0) {
        has_match = true;
        if (std::ranges::find(names, name) == names.end()) {
          names.push_back(name);
        }
      }
    }
    if (!has_match) {
      throw base::usage_error(
          "no environment matches '{}' (--list-envs lists them)", pattern);
    }
  }
  check_domain_options(names);
  return names;
}

void EnvironmentCatalog::check_domain_options(
    const std::vector<std::string>& names) const {
  if (options_.domain_options.empty()) {
    return;
  }
  std::set<std::string> known;
  for (const std::string& name : names) {
    const auto domain = domains().find(domain_name(name));
    if (domain != domains().end()) {
      for (const auto& [option, value] : domain->second.description.options) {
        known.insert(option);
      }
    }
  }
  for (const auto& [option, value] : options_.domain_options) {
    if (!known.contains(option)) {
      throw base::usage_error(
          "--env-option {}={}: none of the environments has this option{}",
          option, value,
          base::suggestion(option, {known.begin(), known.end()}));
    }
  }
}

std::unique_ptr<Environment> EnvironmentCatalog::make(
    const std::string& name) const {
  if (!domains_ || !domains_->contains(domain_name(name))) {
    return make_builtin_environment(name);
  }
  const ExternalDomain& domain = domains_->at(domain_name(name)).description;
  nlohmann::json options = nlohmann::json::object();
  std::map<std::string, std::string> overrides;
  for (const auto& [option, default_value] : domain.options) {
    const auto given = options_.domain_options.find(option);
    overrides[option] =
        given == options_.domain_options.end() ? default_value : given->second;
    options[option] = overrides[option];
  }
  ExternalEnvironmentOptions external = options_.external;
  external.task_name = name;
  external.settings["options"] = std::move(options);
  return start_external_environment(
      environment_command(domain, name.substr(name.find('/') + 1), overrides),
      external);
}

}  // namespace gato::env
