// The section of a report that shows where its inputs are from.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::eval {

// A dataset that a report is about, or a source of its references.
struct ReportInput {
  std::string path, task, agent;
  int64_t episodes = 0;
  nlohmann::json provenance;  // null if unknown
  nlohmann::json settings;    // data::TaskSpec::settings
};

// Returns a table of the inputs with the settings of their environments, and
// every run of a program that led to them, with its command, version, seed and
// the digests of its inputs. Each run is shown once.
std::string provenance_html(const std::vector<ReportInput>& inputs);

}  // namespace gato::eval
