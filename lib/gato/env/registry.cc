// The table of built-in environments, sorted by name.
#include <array>
#include <string_view>

#include "gato/base/error.h"
#include "gato/base/spelling.h"
#include "gato/env/builtin_environment.h"

namespace gato::env {
namespace {

struct RegistryEntry {
  std::string_view name;
  std::unique_ptr<Environment> (*make)();
};

constexpr std::array<RegistryEntry, 3> kRegistry = {{
    {"arcade/catch", make_catch},
    {"control/cartpole-swingup", make_cartpole_swingup},
    {"grid/goto", make_goto},
}};

}  // namespace

std::vector<std::string> builtin_environment_names() {
  std::vector<std::string> names;
  names.reserve(kRegistry.size());
  for (const RegistryEntry& entry : kRegistry) {
    names.emplace_back(entry.name);
  }
  return names;
}

std::unique_ptr<Environment> make_builtin_environment(const std::string& name) {
  for (const RegistryEntry& entry : kRegistry) {
    if (entry.name == name) {
      return entry.make();
    }
  }
  throw base::usage_error(
      "there is no environment '{}'{} (--list-envs lists them)", name,
      base::suggestion(name, builtin_environment_names()));
}

}  // namespace gato::env
