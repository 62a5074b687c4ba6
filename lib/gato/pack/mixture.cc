// Each key of a [[mixture]] table has a function in key_parsers() that checks
// its value and stores it in the entry. base/toml_reader.h checks the keys and
// the types of the values.
#include "gato/pack/mixture.h"

#include <cmath>
#include <map>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/file_patterns.h"
#include "gato/base/parse_number.h"
#include "gato/base/toml_reader.h"
#include "gato/data/image.h"

namespace gato::pack {
namespace {

// Returns the files that a path or glob names, in byte order.
std::vector<std::filesystem::path> expand_token_files(
    const std::string& pattern) {
  std::vector<std::filesystem::path> files;
  for (const std::string& file : base::expand_patterns({pattern})) {
    if (!std::filesystem::exists(file)) {
      throw base::io_error("{}: no such token file", file);
    }
    files.push_back(file);
  }
  return files;
}

void check_weight(double weight, const std::string& location) {
  if (!(weight > 0) || !std::isfinite(weight)) {
    throw base::usage_error("{}: {} is not a positive number", location,
                            weight);
  }
}

// Checks the value of a key and stores it in `entry`. `location` begins the
// messages.
using KeyParser = void (*)(const toml::node& node, const std::string& location,
                           MixtureEntry& entry);

const std::map<std::string, KeyParser>& key_parsers() {
  using base::read_toml_value;
  static const std::map<std::string, KeyParser> parsers = {
      {"file",
       [](const auto& node, const auto& location, MixtureEntry& entry) {
         entry.name = read_toml_value<std::string>(node, location);
       }},
      {"weight",
       [](const auto& node, const auto& location, MixtureEntry& entry) {
         entry.weight = read_toml_value<double>(node, location);
         check_weight(entry.weight, location);
       }},
      {"prompt-fraction",
       [](const auto& node, const auto& location, MixtureEntry& entry) {
         entry.prompt_fraction = read_toml_value<double>(node, location);
         if (!(entry.prompt_fraction >= 0 && entry.prompt_fraction <= 1)) {
           throw base::usage_error("{}: {} is not between 0 and 1", location,
                                   entry.prompt_fraction);
         }
       }},
      {"fill",
       [](const auto& node, const auto& location, MixtureEntry& entry) {
         const auto name = read_toml_value<std::string>(node, location);
         entry.fill =
             base::with_context(location, [&] { return parse_fill(name); });
       }},
      {"documents-per-sequence",
       [](const auto& node, const auto& location, MixtureEntry& entry) {
         constexpr int64_t kMaxDocuments = 256;  // segments are uint8
         const auto count = read_toml_value<int64_t>(node, location);
         if (count < 1 || count > kMaxDocuments) {
           throw base::usage_error("{}: {} is not between 1 and {}", location,
                                   count, kMaxDocuments);
         }
         entry.documents_per_sequence = count;
       }},
      {"resize",
       [](const auto& node, const auto& location, MixtureEntry& entry) {
         entry.resize = data::parse_resize(
             read_toml_value<std::string>(node, location), location);
       }}};
  return parsers;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const auto& [key, parser] : key_parsers()) {
    keys.push_back(key);
  }
  return keys;
}

MixtureEntry parse_entry(const toml::table& table, const std::string& location,
                         MixtureEntry entry) {
  bool has_fill = false, has_document_count = false;
  for (const base::TomlEntry& value :
       base::read_toml_table(table, location, known_keys())) {
    key_parsers().at(value.key)(*value.node, value.location, entry);
    has_fill |= value.key == "fill";
    has_document_count |= value.key == "documents-per-sequence";
  }
  if (entry.name.empty()) {
    throw base::usage_error("{}: file is missing: name a token file", location);
  }
  if (has_fill && has_document_count) {
    throw base::usage_error(
        "{}: fill cannot be combined with documents-per-sequence, which "
        "determines where a sequence ends: omit fill",
        location);
  }
  entry.files = base::with_context(
      location, [&entry] { return expand_token_files(entry.name); });
  return entry;
}

}  // namespace

Fill parse_fill(std::string_view name) {
  if (name == "same-task") {
    return Fill::same_task;
  }
  if (name == "pad") {
    return Fill::pad;
  }
  throw base::usage_error("fill \"{}\" is not same-task or pad", name);
}

MixtureEntry parse_mixture_operand(const std::string& operand,
                                   const MixtureEntry& defaults) {
  MixtureEntry entry = defaults;
  entry.name = operand;
  const size_t colon = operand.rfind(':');
  if (colon != std::string::npos && !std::filesystem::exists(operand)) {
    const std::string location =
        fmt::format("{}: the weight after the colon", operand);
    entry.weight = base::parse_number<double>(
        std::string_view(operand).substr(colon + 1), location);
    check_weight(entry.weight, location);
    entry.name = operand.substr(0, colon);
  }
  entry.files = expand_token_files(entry.name);
  return entry;
}

std::vector<MixtureEntry> parse_mixture(const std::string& text,
                                        const std::filesystem::path& path,
                                        const MixtureEntry& defaults) {
  const toml::table document = base::parse_toml(text, path.string());
  const toml::array* tables = document["mixture"].as_array();
  for (const auto& [key, node] : document) {
    if (key.str() != "mixture") {
      throw base::usage_error(
          "{}: unknown key {}: a mixture file contains only [[mixture]] tables",
          path.string(), key.str());
    }
  }
  if (!tables || tables->empty()) {
    throw base::usage_error("{}: contains no [[mixture]] table", path.string());
  }
  std::vector<MixtureEntry> entries;
  for (const toml::node& node : *tables) {
    const std::string location =
        fmt::format("{}: mixture {}", path.string(), entries.size() + 1);
    if (!node.is_table()) {
      throw base::usage_error("{} is not a table: write [[mixture]]", location);
    }
    entries.push_back(parse_entry(*node.as_table(), location, defaults));
  }
  return entries;
}

}  // namespace gato::pack
