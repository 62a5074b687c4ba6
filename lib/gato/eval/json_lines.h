// Files of JSON lines.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

namespace gato::eval {

// Calls `use` with the object in each line that is not empty. Throws Error(io)
// if the file cannot be read, and Error(bad_input) if a line is not a JSON
// object. Errors of `use` are prefixed with "FILE:LINE: ".
void for_each_json_line(const std::filesystem::path& path,
                        const std::function<void(nlohmann::json&)>& use);

}  // namespace gato::eval
