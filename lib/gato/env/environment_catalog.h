// All environments by name, DOMAIN/TASK: the built-in ones and those of the
// external domains.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/env/environment.h"
#include "gato/env/external_domain.h"

namespace gato::env {

struct EnvironmentCatalogOptions {
  // Directories with descriptions of domains, which take precedence over
  // $XDG_CONFIG_HOME/gato/envs and share/gato/envs. The first description of a
  // domain is used. None can describe a built-in domain.
  std::vector<std::string> directories;
  // Options of external domains by name, which override their defaults.
  std::map<std::string, std::string> domain_options;
  ExternalEnvironmentOptions external;
};

// An entry of a list of environments.
struct EnvironmentEntry {
  std::string name, description;
  bool is_built_in = false;
};

class EnvironmentCatalog {
 public:
  explicit EnvironmentCatalog(EnvironmentCatalogOptions options);

  // Returns the environments that can be played now, sorted by name. Throws
  // Error(usage) if a description of a domain is invalid, here and below.
  std::vector<EnvironmentEntry> list() const;
  static std::vector<EnvironmentEntry> list_built_in();
  // Returns the domains that are described but not installed, sorted by name.
  std::vector<ExternalDomain> uninstalled_domains() const;

  // Returns the environments that match the names and patterns (* ? [...]), in
  // their order. A pattern adds only names that are not in the result yet.
  // Throws Error(usage) if a name is unknown, suggesting the closest one, if a
  // pattern matches nothing, if the domain is not installed, saying how to
  // install it, if a file describes the built-in domain of a name, or if none
  // of the domains has one of the domain options.
  std::vector<std::string> resolve(
      const std::vector<std::string>& patterns) const;
  // Starts an environment that resolve() returned. May be called by several
  // threads at the same time. Throws the errors of
  // start_external_environment().
  std::unique_ptr<Environment> make(const std::string& name) const;

 private:
  struct Domain {
    ExternalDomain description;
    bool is_installed = false;
    std::optional<std::vector<std::string>> tasks = {};  // once listed
  };

  // Returns the external domains by name. Reads the descriptions at the first
  // call.
  std::map<std::string, Domain>& domains() const;
  // Returns the environments of an installed domain: DOMAIN/TASK.
  std::vector<std::string> names_of(Domain& domain) const;
  // Returns the names that a pattern or name can match: those of its domain if
  // that is known, otherwise all.
  std::vector<std::string> candidates(const std::string& pattern) const;
  // Throws Error(usage) if a directory has a description of this domain.
  void refuse_description_of(const std::string& built_in_domain) const;
  void check_domain_options(const std::vector<std::string>& names) const;

  const EnvironmentCatalogOptions options_;
  // Filled by resolve() and list(); make() only reads it.
  mutable std::optional<std::map<std::string, Domain>> domains_;
};

}  // namespace gato::env
