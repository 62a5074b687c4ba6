#include "gato/pack/mixture.h"

#include <glob.h>
#include <toml++/toml.h>

#include <charconv>
#include <cmath>

#include "gato/base/error.h"
#include "gato/base/nearest.h"
#include "gato/base/number.h"
#include "gato/cli/inputs.h"

namespace gato {
namespace {

// The files of a path or glob, in byte order.
std::vector<std::filesystem::path> matching_files(const std::string& pattern) {
  std::vector<std::filesystem::path> files;
  for (const std::string& file : cli::expand_globs({pattern})) {
    if (!std::filesystem::exists(file))
      throw io_error("{}: no such token file", file);
    files.push_back(file);
  }
  return files;
}

void check_weight(double weight, const std::string& where) {
  if (!(weight > 0) || !std::isfinite(weight))
    throw usage_error("{}: weight {} is not a number above 0", where, weight);
}

template <class T>
T value_of(const toml::node& node, const std::string& where,
           std::string_view expected) {
  const std::optional<T> value = node.value<T>();
  if (!value) throw usage_error("{} must be {}", where, expected);
  return *value;
}

MixtureEntry read_entry(const toml::table& table, const std::string& where,
                        MixtureEntry entry) {
  for (const auto& [toml_key, node] : table) {
    std::string key(toml_key.str());
    for (char& c : key)
      if (c == '_') c = '-';
    const std::string place = where + ": " + key;
    if (key == "file") {
      entry.name = value_of<std::string>(node, place, "a path");
    } else if (key == "weight") {
      entry.weight = value_of<double>(node, place, "a number");
      check_weight(entry.weight, where);
    } else if (key == "prompt-fraction") {
      entry.prompt_fraction = value_of<double>(node, place, "a number");
      if (!(entry.prompt_fraction >= 0 && entry.prompt_fraction <= 1))
        throw usage_error("{} {} is not within 0 and 1", place,
                          entry.prompt_fraction);
    } else if (key == "fill") {
      entry.fill = fill_named(value_of<std::string>(node, place, "a text"));
    } else {
      throw usage_error(
          "{}: unknown key{}", place,
          suggestion(key, {"file", "weight", "prompt-fraction", "fill"}));
    }
  }
  if (entry.name.empty())
    throw usage_error("{}: file is missing: name a token file", where);
  entry.files = matching_files(entry.name);
  return entry;
}

}  // namespace

Fill fill_named(std::string_view name) {
  if (name == "same-task") return Fill::same_task;
  if (name == "pad") return Fill::pad;
  throw usage_error("fill \"{}\" is neither same-task nor pad", name);
}

MixtureEntry parse_operand(const std::string& operand,
                           const MixtureEntry& defaults) {
  MixtureEntry entry = defaults;
  entry.name = operand;
  const size_t colon = operand.rfind(':');
  if (colon != std::string::npos && !std::filesystem::exists(operand)) {
    entry.weight = parse_number<double>(
        std::string_view(operand).substr(colon + 1),
        fmt::format("{}: the weight behind the colon", operand));
    check_weight(entry.weight, operand);
    entry.name = operand.substr(0, colon);
  }
  entry.files = matching_files(entry.name);
  return entry;
}

std::vector<MixtureEntry> read_mixture(const std::filesystem::path& path,
                                       const MixtureEntry& defaults) {
  if (!std::filesystem::exists(path))
    throw io_error("{}: no such mixture file", path.string());
  toml::table document;
  try {
    document = toml::parse_file(path.string());
  } catch (const toml::parse_error& error) {
    throw usage_error("{}:{}: {}", path.string(), error.source().begin.line,
                      error.description());
  }
  const toml::array* tables = document["mixture"].as_array();
  for (const auto& [key, node] : document)
    if (key.str() != "mixture")
      throw usage_error(
          "{}: unknown key {}: only [[mixture]] tables stand here",
          path.string(), key.str());
  if (!tables || tables->empty())
    throw usage_error("{}: holds no [[mixture]] table", path.string());
  std::vector<MixtureEntry> entries;
  for (const toml::node& node : *tables) {
    const std::string where =
        fmt::format("{}: mixture {}", path.string(), entries.size() + 1);
    if (!node.is_table())
      throw usage_error("{} is not a table: write [[mixture]]", where);
    entries.push_back(read_entry(*node.as_table(), where, defaults));
  }
  return entries;
}

}  // namespace gato
