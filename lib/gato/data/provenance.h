// Where an output comes from: enough to make it again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gato::data {

// A run of a program, as the provenance of its outputs describes it.
struct RunRecord {
  std::string program = {}, version = {};
  std::vector<std::string> argv = {};
  nlohmann::json configuration = nlohmann::json::object();  // merged
  uint64_t seed = 0;
  std::filesystem::path output = {};
  bool has_provenance = true;  // false: outputs carry none
};

// The running program's record; programs add their inputs. Stored as JSON:
// {"program","version","argv","configuration","seed","inputs":
// [{"path","size","digest"}],"parents":[provenance of the inputs]}.
struct Provenance {
  Provenance() = default;
  explicit Provenance(const RunRecord& run);

  bool enabled = true;  // false with --no-provenance: outputs carry none
  std::string program, version;
  std::vector<std::string> argv;
  nlohmann::json configuration = nlohmann::json::object();
  uint64_t seed = 0;
  nlohmann::json inputs = nlohmann::json::array();
  nlohmann::json parents = nlohmann::json::array();

  std::filesystem::path output;  // of the program

  // Records a file with its size and xxh64 digest; nothing where not enabled.
  // Error (usage) where it is the output, which would replace it: so an input
  // is to be recorded before the output is committed.
  void add_input(const std::filesystem::path& path);
  // The same for one that was read already.
  void add_input(const std::filesystem::path& path, int64_t size,
                 const std::string& digest);
  // Takes over the provenance that an input carries.
  void add_parent(const nlohmann::json& provenance);
  // Names of files that are not UTF-8 have U+FFFD in place of what is not.
  nlohmann::json to_json() const;
};

}  // namespace gato::data
