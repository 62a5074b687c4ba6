#include "gato/pack/mixture.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <type_traits>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/file_patterns.h"
#include "gato/base/parse_number.h"
#include "gato/base/spelling.h"
#include "gato/data/image.h"

// Each key of a [[mixture]] table has a function in key_parsers() that checks
// its value and stores it in the entry.

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

void check_weight(double weight, const std::string& where) {
  if (!(weight > 0) || !std::isfinite(weight)) {
    throw base::usage_error("{}: weight {} is not a positive number", where,
                            weight);
  }
}

// Returns a value of exactly this type; an integer is a double, too.
template <class T>
T require_value(const toml::node& node, const std::string& where,
                std::string_view expected) {
  std::optional<T> value = node.value_exact<T>();
  if (std::is_same_v<T, double> && node.is_integer()) {
    value = node.value<T>();
  }
  if (!value) {
    std::ostringstream found;
    node.visit([&found](const auto& other) { found << other; });
    throw base::usage_error("{} must be {}, not {}", where, expected,
                            found.str());
  }
  return *value;
}

// Stores the value of a key in `entry`; `where` begins the messages.
using KeyParser = void (*)(const toml::node& node, const std::string& where,
                           MixtureEntry& entry);

const std::map<std::string, KeyParser>& key_parsers() {
  static const std::map<std::string, KeyParser> parsers = {
      {"file",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.name = require_value<std::string>(node, where, "a path");
       }},
      {"weight",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.weight = require_value<double>(node, where, "a number");
         check_weight(entry.weight, where);
       }},
      {"prompt-fraction",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.prompt_fraction = require_value<double>(node, where, "a number");
         if (!(entry.prompt_fraction >= 0 && entry.prompt_fraction <= 1)) {
           throw base::usage_error("{} {} is not between 0 and 1", where,
                                   entry.prompt_fraction);
         }
       }},
      {"fill",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.fill =
             parse_fill(require_value<std::string>(node, where, "a string"));
       }},
      {"documents-per-sequence",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         constexpr int64_t kMaxDocuments = 256;  // segments are uint8
         const auto count = require_value<int64_t>(node, where, "an integer");
         if (count < 1 || count > kMaxDocuments) {
           throw base::usage_error("{} {} is not between 1 and {}", where,
                                   count, kMaxDocuments);
         }
         entry.documents_per_sequence = count;
       }},
      {"resize", [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.resize = data::parse_resize(
             require_value<std::string>(node, where, "a string"), where);
       }}};
  return parsers;
}

MixtureEntry parse_entry(const toml::table& table, const std::string& where,
                         MixtureEntry entry) {
  std::set<std::string> seen_keys;
  for (const auto& [toml_key, node] : table) {
    std::string key(toml_key.str());
    std::ranges::replace(key, '_', '-');
    const std::string location = where + ": " + key;
    const auto parser = key_parsers().find(key);
    if (parser == key_parsers().end()) {
      std::vector<std::string> known;
      for (const auto& [name, read] : key_parsers()) {
        known.push_back(name);
      }
      throw base::usage_error("{}: unknown key{}", location,
                              base::suggestion(key, known));
    }
    parser->second(node, location, entry);
    if (!seen_keys.insert(key).second) {
      throw base::usage_error(
          "{} is given twice, once with '-' and once with '_'", location);
    }
  }
  if (entry.name.empty()) {
    throw base::usage_error("{}: file is missing: name a token file", where);
  }
  if (seen_keys.contains("fill") &&
      seen_keys.contains("documents-per-sequence")) {
    throw base::usage_error(
        "{}: fill cannot be combined with documents-per-sequence, which "
        "determines where a sequence ends: leave fill out",
        where);
  }
  entry.files = expand_token_files(entry.name);
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
    entry.weight = base::parse_number<double>(
        std::string_view(operand).substr(colon + 1),
        fmt::format("{}: the weight after the colon", operand));
    check_weight(entry.weight, operand);
    entry.name = operand.substr(0, colon);
  }
  entry.files = expand_token_files(entry.name);
  return entry;
}

std::vector<MixtureEntry> parse_mixture(const std::string& text,
                                        const std::filesystem::path& path,
                                        const MixtureEntry& defaults) {
  toml::table document;
  try {
    document = toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    throw base::usage_error("{}:{}: {}", path.string(),
                            error.source().begin.line, error.description());
  }
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
    const std::string where =
        fmt::format("{}: mixture {}", path.string(), entries.size() + 1);
    if (!node.is_table()) {
      throw base::usage_error("{} is not a table: write [[mixture]]", where);
    }
    entries.push_back(parse_entry(*node.as_table(), where, defaults));
  }
  return entries;
}

}  // namespace gato::pack
