#include "gato/ingest/roles.h"

#include <fmt/ranges.h>

#include <vector>

#include "gato/base/error.h"

namespace gato {
namespace {

bool suits(Role role, const Field& field) {
  if ((role == Role::text) != (field.role == Role::text)) return false;
  return role != Role::image ||
         (field.dtype == DType::uint8 && field.shape.size() >= 2 &&
          field.shape.size() <= 4);
}

}  // namespace

void apply_roles(const std::map<std::string, Role>& roles,
                 const std::string& dataset, TaskSpec& spec) {
  std::map<std::string, std::vector<Field*>> keys;
  for (auto* fields : {&spec.observation, &spec.action}) {
    for (Field& field : *fields) keys[field.name].push_back(&field);
  }
  for (const auto& [key, role] : roles) {
    if (!keys.contains(key)) {
      std::vector<std::string> names;
      names.reserve(keys.size());
      for (const auto& [name, fields] : keys) names.push_back(name);
      throw usage_error("--role {}={}: {} has no such key (it has {})", key,
                        name_of(role), dataset, fmt::join(names, ", "));
    }
    for (Field* field : keys[key]) {
      if (!suits(role, *field)) {
        throw usage_error(
            "--role {}={}: the key holds {} of shape [{}]", key, name_of(role),
            field->role == Role::text ? "text" : name_of(field->dtype),
            fmt::join(field->shape, ", "));
      }
      field->role = role;
    }
  }
  sort_fields(spec.observation);
  sort_fields(spec.action);
}

}  // namespace gato
