// TOML inputs with wrong types, like json_mutations.h.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_in_process.h"
#include "gato/cli/tool.h"

namespace gato::test {

// Formats an object as TOML, with one line per key. null becomes inf, because
// TOML has no null. Any other value becomes a line, which is not a document.
std::string format_toml_document(const nlohmann::json& value);

// Reads a TOML file without dates.
nlohmann::json read_toml(const std::string& path);

// Requires that `run`, which reads the configuration file `name` in the folder,
// succeeds with `valid` in it. If a key has a value of any other type, it may
// be refused, with a message that names the file or the option. The keys need
// not be in `valid`.
void check_configuration_types(const ScratchDirectory& folder,
                               const nlohmann::json& valid,
                               const std::vector<std::string>& keys,
                               const std::string& name,
                               const std::function<RunResult()>& run);

// Calls check_configuration_types() for --config of every command of a tool,
// each with the `valid` options.
void check_options_types(const cli::Tool& tool, const nlohmann::json& valid =
                                                    nlohmann::json::object());

}  // namespace gato::test
