// The built-in environments by name.
#include <array>
#include <string_view>

#include "gato/base/error.h"
#include "gato/base/nearest.h"
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

}  // namespace

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  names.reserve(kEntries.size());
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

std::unique_ptr<Environment> make_environment(const std::string& name) {
  for (const Entry& entry : kEntries)
    if (entry.name == name) return entry.make();
  throw usage_error("no environment is called '{}'{} (--list-envs lists them)",
                    name, suggestion(name, environment_names()));
}

}  // namespace gato
