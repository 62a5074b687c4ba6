// JSON inputs with wrong types. A test takes a valid input of a program,
// replaces each of its values in turn by one of another type, or removes it,
// and requires that the program either accepts the result or refuses it with
// a message of its own.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_in_process.h"

namespace gato::test {

// Returns values of all types, or, because sanitizers make the programs slow,
// of some types.
const std::vector<nlohmann::json>& replacement_values();

// Calls use(mutated, description) for each mutation of `valid`: every value at
// any depth, except in the middle of lists, is replaced by each of
// replacement_values(), and every key is removed.
void for_each_mutation(
    const nlohmann::json& valid,
    const std::function<void(const nlohmann::json& mutated,
                             const std::string& description)>& use);

// Requires status 0, 2 or 3 and, unless it is 0, a message that names `file`
// and does not contain the text of an exception of a library. A mutated value
// may be the path of a file that is then missing, for which the status is 4.
void require_own_message(const RunResult& result, const std::string& file,
                         const std::string& description,
                         bool contains_paths = false);

// Requires that `run`, which reads the file `name` in the folder, succeeds with
// `valid` in it, and calls require_own_message() for each of its mutations.
// `format` returns the text of the file.
void check_input_types(
    const ScratchDirectory& folder, const nlohmann::json& valid,
    const std::string& name, const std::function<RunResult()>& run,
    bool contains_paths = false,
    const std::function<std::string(const nlohmann::json&)>& format =
        [](const nlohmann::json& value) { return value.dump(); });

}  // namespace gato::test
