// The differences between two fingerprints of training data, in words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::train {

// Returns in words how `found`, the fingerprint of data that are read from
// `files`, differs from `expected`: which file, count, digest or key. Returns
// "" if they are equal.
std::string describe_fingerprint_change(const nlohmann::json& expected,
                                        const nlohmann::json& found,
                                        const std::vector<std::string>& files);

}  // namespace gato::train
