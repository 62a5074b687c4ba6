// The origin of an output, with enough detail to reproduce it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::data {

// The description of one run of a program for the provenance of its outputs.
struct RunRecord {
  std::string program = {}, version = {};
  std::vector<std::string> argv = {};
  // The effective configuration, merged from all sources.
  nlohmann::json configuration = nlohmann::json::object();
  uint64_t seed = 0;
  std::filesystem::path output = {};
  bool has_provenance = true;  // false: outputs have no provenance
};

// The provenance of the running program's outputs. Programs add their inputs to
// it. Stored as JSON:
//   {"program", "version", "argv", "configuration", "seed",
//    "inputs": [{"path", "size", "digest"}],
//    "parents": [provenance of the inputs]}
struct Provenance {
  Provenance() = default;
  explicit Provenance(const RunRecord& run);

  bool enabled = true;  // false with --no-provenance
  std::string program, version;
  std::vector<std::string> argv;
  nlohmann::json configuration = nlohmann::json::object();
  uint64_t seed = 0;
  nlohmann::json inputs = nlohmann::json::array();
  nlohmann::json parents = nlohmann::json::array();

  std::filesystem::path output;  // the program's output

  // Records a file with its size and xxh64 digest. Does nothing if provenance
  // is disabled. Throws Error(usage) if the file is also the output, which
  // would replace it. Inputs must therefore be recorded before the output is
  // committed.
  void add_input(const std::filesystem::path& path);
  // Records a file whose size and digest are already known.
  void add_input(const std::filesystem::path& path, int64_t size,
                 const std::string& digest);
  // Records the provenance of an input.
  void add_parent(const nlohmann::json& provenance);
  // Returns the JSON. Invalid UTF-8 in file names is replaced with U+FFFD.
  nlohmann::json to_json() const;
};

}  // namespace gato::data
