// Domains of external environments. A domain is described by DOMAIN.toml, whose
// keys gato-formats(5) documents, and its environments are the children of one
// command.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gato::env {

struct ExternalDomain {
  std::filesystem::path file;
  std::string name, description;
  // A shell command in which {python}, {share}, {directory}, {task} and
  // {options} are replaced.
  std::string command;
  // The tasks, or a command that prints one per line, in which {python},
  // {share} and {directory} are replaced.
  std::vector<std::string> tasks;
  std::string tasks_command;
  std::vector<std::string> requirements;       // of pip; may be empty
  std::map<std::string, std::string> options;  // the default of each option
};

// Reads the description of a domain. Throws Error(usage), naming the file and
// the key, if a key is unknown, missing or has another type, and Error(io) if
// the file cannot be read.
ExternalDomain read_external_domain(const std::filesystem::path& file);

// Returns the directory of the domain's Python environment, DOMAIN in
// $GATO_ENVIRONMENTS, $XDG_DATA_HOME/gato/environments or
// ~/.local/share/gato/environments. scripts/environments creates it.
std::filesystem::path python_environment(const ExternalDomain& domain);

// Returns whether everything that the domain requires is installed.
bool is_installed(const ExternalDomain& domain);

// Returns the tasks of the domain, which must be installed. Throws
// Error(run_failed) if its tasks-command fails or prints nothing.
std::vector<std::string> list_tasks(const ExternalDomain& domain);

// Returns the shell command that starts an environment. `options` overrides
// defaults of the domain; an option with an empty value is left out.
std::string environment_command(
    const ExternalDomain& domain, const std::string& task,
    const std::map<std::string, std::string>& options);

}  // namespace gato::env
