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
#include "gato/base/nearest.h"
#include "gato/base/number.h"
#include "gato/base/output.h"
#include "gato/cli/inputs.h"
#include "gato/tokenize/token_output.h"

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

// A value of its very type; an integer is a number too.
template <class T>
T value_of(const toml::node& node, const std::string& where,
           std::string_view expected) {
  std::optional<T> value = node.value_exact<T>();
  if (std::is_same_v<T, double> && node.is_integer()) value = node.value<T>();
  if (!value) {
    std::ostringstream found;
    node.visit([&found](const auto& other) { found << other; });
    throw usage_error("{} must be {}, not {}", where, expected, found.str());
  }
  return *value;
}

// Takes over the value of a key; `where` begins the messages.
using Reader = void (*)(const toml::node& node, const std::string& where,
                        MixtureEntry& entry);

const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> by_key = {
      {"file",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.name = value_of<std::string>(node, where, "a path");
       }},
      {"weight",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.weight = value_of<double>(node, where, "a number");
         check_weight(entry.weight, where);
       }},
      {"prompt-fraction",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.prompt_fraction = value_of<double>(node, where, "a number");
         if (!(entry.prompt_fraction >= 0 && entry.prompt_fraction <= 1))
           throw usage_error("{} {} is not within 0 and 1", where,
                             entry.prompt_fraction);
       }},
      {"fill",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.fill = fill_named(value_of<std::string>(node, where, "a text"));
       }},
      {"documents-per-sequence",
       [](const auto& node, const auto& where, MixtureEntry& entry) {
         constexpr int64_t most = 256;  // segments are uint8
         const auto count = value_of<int64_t>(node, where, "a whole number");
         if (count < 1 || count > most)
           throw usage_error("{} {} is not within 1 and {}", where, count,
                             most);
         entry.documents_per_sequence = count;
       }},
      {"resize", [](const auto& node, const auto& where, MixtureEntry& entry) {
         entry.resize =
             parse_resize(value_of<std::string>(node, where, "a text"), where);
       }}};
  return by_key;
}

MixtureEntry read_entry(const toml::table& table, const std::string& where,
                        MixtureEntry entry) {
  std::set<std::string> given;
  for (const auto& [toml_key, node] : table) {
    std::string key(toml_key.str());
    std::ranges::replace(key, '_', '-');
    const std::string place = where + ": " + key;
    const auto reader = readers().find(key);
    if (reader == readers().end()) {
      std::vector<std::string> known;
      for (const auto& [name, read] : readers()) known.push_back(name);
      throw usage_error("{}: unknown key{}", place, suggestion(key, known));
    }
    reader->second(node, place, entry);
    if (!given.insert(key).second)
      throw usage_error("{} stands twice, with - and with _", place);
  }
  if (entry.name.empty())
    throw usage_error("{}: file is missing: name a token file", where);
  if (given.contains("fill") && given.contains("documents-per-sequence"))
    throw usage_error(
        "{}: documents-per-sequence says itself where a sequence ends: leave "
        "fill out",
        where);
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

std::vector<MixtureEntry> parse_mixture(const std::string& text,
                                        const std::filesystem::path& path,
                                        const MixtureEntry& defaults) {
  toml::table document;
  try {
    document = toml::parse(text, path.string());
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
