// Describes the differences between two fingerprints of training data.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::train {

// Returns a description of how `found`, the fingerprint of data that is read
// from `files`, differs from `expected`: which file, count, digest or key.
// Returns an empty string if they are equal.
std::string describe_fingerprint_change(const nlohmann::json& expected,
                                        const nlohmann::json& found,
                                        const std::vector<std::string>& files);

}  // namespace gato::train
