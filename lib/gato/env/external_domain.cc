#include "gato/env/external_domain.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/share_directory.h"
#include "gato/base/spelling.h"
#include "gato/base/string_util.h"
#include "gato/base/toml_reader.h"

namespace gato::env {
namespace {

namespace fs = std::filesystem;

// scripts/environments writes this file into a Python environment after it has
// installed everything.
constexpr const char* kInstalledMark = "complete";

std::vector<std::string> read_strings(const toml::node& node,
                                      const std::string& location) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    throw base::toml_type_error(node, location, "a list of strings");
  }
  std::vector<std::string> strings;
  for (const toml::node& element : *array) {
    strings.push_back(base::read_toml_value<std::string>(element, location));
  }
  return strings;
}

// Returns the defaults of the options as they are written on a command line.
std::map<std::string, std::string> read_options(const toml::node& node,
                                                const std::string& location) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    throw base::toml_type_error(node, location, "a table");
  }
  std::map<std::string, std::string> options;
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    if (value.is_string()) {
      options[name] = *value.value<std::string>();
    } else if (value.is_boolean() || value.is_number()) {
      std::ostringstream text;
      value.visit([&text](const auto& element) { text << element; });
      options[name] = text.str();
    } else {
      throw base::toml_type_error(value, location + ": " + name,
                                  "a string, a number, true or false");
    }
  }
  return options;
}

// Throws Error(usage) for a {NAME} that is close to one of `fields`. All others
// may be what the shell command itself contains, like ${HOME}.
void check_fields(const ExternalDomain& domain, std::string_view key,
                  const std::string& command,
                  const std::vector<std::string>& fields) {
  for (size_t begin = command.find('{'); begin != std::string::npos;
       begin = command.find('{', begin + 1)) {
    const size_t end = command.find('}', begin);
    if (end == std::string::npos) {
      return;
    }
    const std::string name = command.substr(begin + 1, end - begin - 1);
    const bool is_shell_variable = begin > 0 && command[begin - 1] == '$';
    const std::string closest = base::closest_name(name, fields);
    if (!is_shell_variable && !closest.empty() && closest != name) {
      throw base::usage_error(
          "{}: key '{}' contains {{{}}}; did you mean {{{}}}?",
          domain.file.string(), key, name, closest);
    }
  }
}

void check_domain(const ExternalDomain& domain) {
  const std::string file = domain.file.string();
  if (domain.name.empty() || domain.name.find('/') != std::string::npos) {
    throw base::usage_error(
        "{}: key 'domain' must be a name without '/', not '{}'", file,
        domain.name);
  }
  if (domain.file.stem() != domain.name) {
    throw base::usage_error(
        "{}: describes the domain '{}': rename the file to {}.toml", file,
        domain.name, domain.name);
  }
  if (domain.command.find("{task}") == std::string::npos) {
    throw base::usage_error(
        "{}: key 'command' must be a command that contains {{task}}", file);
  }
  check_fields(domain, "command", domain.command,
               {"python", "share", "directory", "task", "options"});
  check_fields(domain, "tasks-command", domain.tasks_command,
               {"python", "share", "directory"});
  if (domain.tasks.empty() == domain.tasks_command.empty()) {
    throw base::usage_error(
        "{}: must have one of the keys 'tasks' and 'tasks-command'", file);
  }
}

// Replaces each {NAME} that `values` has. All other braces are kept, since
// shell commands contain them, too.
std::string replace_fields(
    const std::string& text,
    const std::map<std::string, std::string, std::less<>>& values) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const size_t end = text[i] == '{' ? text.find('}', i) : std::string::npos;
    const auto value =
        end == std::string::npos
            ? values.end()
            : values.find(std::string_view(text).substr(i + 1, end - i - 1));
    if (value == values.end()) {
      result += text[i++];
    } else {
      result += value->second;
      i = end + 1;
    }
  }
  return result;
}

// Returns the values of {python}, {share} and {directory}, quoted for the
// shell.
std::map<std::string, std::string, std::less<>> common_fields(
    const ExternalDomain& domain) {
  const std::string python =
      domain.requirements.empty()
          ? "python3"
          : (python_environment(domain) / "bin" / "python").string();
  const fs::path directory =
      fs::absolute(domain.file).lexically_normal().parent_path();
  return {{"python", base::shell_quote(python)},
          {"share", base::shell_quote(base::share_directory().string())},
          {"directory", base::shell_quote(directory.string())}};
}

// Returns what the shell command writes to stdout. Throws Error(run_failed) if
// it fails.
std::string read_command_output(const std::string& command,
                                const ExternalDomain& domain) {
  FILE* pipe = popen(command.c_str(), "re");
  std::string output;
  int status = -1;
  if (pipe != nullptr) {
    std::array<char, 4096> buffer;
    while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
      output.append(buffer.data(), count);
    }
    status = pclose(pipe);
  }
  if (status != 0) {
    throw base::run_error("{}: its tasks-command failed: {}",
                          domain.file.string(), command);
  }
  return output;
}

}  // namespace

ExternalDomain read_external_domain(const fs::path& file) {
  ExternalDomain domain;
  domain.file = file;
  const toml::table table =
      base::parse_toml(base::read_file(file), file.string());
  for (const base::TomlEntry& entry :
       base::read_toml_table(table, file.string(),
                             {"command", "description", "domain", "options",
                              "requirements", "tasks", "tasks-command"})) {
    const auto text = [&entry] {
      return base::read_toml_value<std::string>(*entry.node, entry.location);
    };
    if (entry.key == "command") {
      domain.command = text();
    } else if (entry.key == "description") {
      domain.description = text();
    } else if (entry.key == "domain") {
      domain.name = text();
    } else if (entry.key == "options") {
      domain.options = read_options(*entry.node, entry.location);
    } else if (entry.key == "requirements") {
      domain.requirements = read_strings(*entry.node, entry.location);
    } else if (entry.key == "tasks") {
      domain.tasks = read_strings(*entry.node, entry.location);
      if (domain.tasks.empty()) {
        throw base::usage_error("{}: the list is empty", entry.location);
      }
    } else {
      domain.tasks_command = text();
    }
  }
  check_domain(domain);
  return domain;
}

fs::path python_environment(const ExternalDomain& domain) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  fs::path folder = variable("GATO_ENVIRONMENTS");
  if (folder.empty()) {
    folder = variable("XDG_DATA_HOME");
    if (folder.empty()) {
      folder = variable("HOME") / ".local" / "share";
    }
    folder = folder / "gato" / "environments";
  }
  return fs::absolute(folder) / domain.name;
}

bool is_installed(const ExternalDomain& domain) {
  return domain.requirements.empty() ||
         fs::exists(python_environment(domain) / kInstalledMark);
}

std::vector<std::string> list_tasks(const ExternalDomain& domain) {
  if (!domain.tasks.empty()) {
    return domain.tasks;
  }
  const std::string command =
      replace_fields(domain.tasks_command, common_fields(domain));
  std::vector<std::string> tasks;
  std::istringstream lines(read_command_output(command, domain));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) {
      tasks.push_back(line);
    }
  }
  if (tasks.empty()) {
    throw base::run_error("{}: its tasks-command printed no task: {}",
                          domain.file.string(), command);
  }
  return tasks;
}

std::string environment_command(
    const ExternalDomain& domain, const std::string& task,
    const std::map<std::string, std::string>& options) {
  std::string arguments;
  for (const auto& [name, default_value] : domain.options) {
    const auto given = options.find(name);
    const std::string& value =
        given == options.end() ? default_value : given->second;
    if (!value.empty()) {
      arguments += fmt::format("{}--{} {}", arguments.empty() ? "" : " ", name,
                               base::shell_quote(value));
    }
  }
  auto fields = common_fields(domain);
  fields["task"] = base::shell_quote(task);
  fields["options"] = arguments;
  return replace_fields(domain.command, fields);
}

}  // namespace gato::env
