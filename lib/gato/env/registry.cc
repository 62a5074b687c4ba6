// The built-in environments by name.
#include <algorithm>
#include <array>
#include <string_view>

#include "gato/base/error.h"
#include "gato/env/builtin.h"

namespace gato {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<Environment> (*make)();
};

constexpr std::array<Entry, 3> kEntries = {{
    {"arcade/catch", make_catch},
    {"control/cartpole-swingup", make_cartpole_swingup},
    {"grid/goto", make_goto},
}};

// Levenshtein's distance.
size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

std::unique_ptr<Environment> make_environment(const std::string& name) {
  const auto edits = [&name](const Entry& entry) {
    return edits_between(name, entry.name);
  };
  const Entry& nearest = *std::min_element(
      kEntries.begin(), kEntries.end(),
      [&edits](const Entry& a, const Entry& b) { return edits(a) < edits(b); });
  if (nearest.name == name) return nearest.make();
  throw usage_error(
      "no environment is called '{}'; the nearest name is '{}' (--list-envs "
      "lists them all)",
      name, nearest.name);
}

}  // namespace gato
