#include "gato/ingest/episodes/dataset_fields.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "gato/base/error.h"
#include "gato/ingest/episodes/compressed_images.h"

namespace gato::ingest {
namespace {

bool can_have_role(data::Role role, const data::Field& field) {
  if ((role == data::Role::text) != (field.role == data::Role::text)) {
    return false;
  }
  return role != data::Role::image ||
         (field.dtype == data::DType::uint8 && field.shape.size() >= 2 &&
          field.shape.size() <= 4);
}

data::Field infer_numeric_field(const data::hdf5::Dataset& dataset,
                                const std::string& name, double bound) {
  const auto dtype = dataset.dtype();
  if (!dtype) {
    throw base::input_error("{}: the elements are neither numbers nor booleans",
                            dataset.label());
  }
  if (dataset.shape().empty()) {
    throw base::input_error("{}: a single value, not one per step",
                            dataset.label());
  }
  data::Field field;
  field.name = name;
  field.dtype = *dtype;
  field.shape.assign(dataset.shape().begin() + 1, dataset.shape().end());
  if (data::is_floating(*dtype)) {
    const auto elements = static_cast<size_t>(data::element_count(field.shape));
    field.low.assign(elements, -bound);
    field.high.assign(elements, bound);
  }
  field.role = data::default_role(field, data::Space::Kind::box);
  return field;
}

}  // namespace

bool has_field(const std::vector<data::Field>& fields,
               const std::string& name) {
  return std::any_of(
      fields.begin(), fields.end(),
      [&name](const data::Field& field) { return field.name == name; });
}

void apply_roles(const std::map<std::string, data::Role>& roles,
                 const std::string& dataset, data::TaskSpec& spec) {
  std::map<std::string, std::vector<data::Field*>> keys;
  for (auto* fields : {&spec.observation_fields, &spec.action_fields}) {
    for (data::Field& field : *fields) {
      keys[field.name].push_back(&field);
    }
  }
  for (const auto& [key, role] : roles) {
    if (!keys.contains(key)) {
      std::vector<std::string> names;
      names.reserve(keys.size());
      for (const auto& [name, fields] : keys) {
        names.push_back(name);
      }
      throw base::usage_error("--role {}={}: {} has no such key (it has {})",
                              key, data::role_name(role), dataset,
                              fmt::join(names, ", "));
    }
    for (data::Field* field : keys[key]) {
      if (!can_have_role(role, *field)) {
        throw base::usage_error(
            "--role {}={}: the key contains {} of shape [{}]", key,
            data::role_name(role),
            field->role == data::Role::text ? "text"
                                            : data::dtype_name(field->dtype),
            fmt::join(field->shape, ", "));
      }
      field->role = role;
    }
  }
  data::sort_fields(spec.observation_fields);
  data::sort_fields(spec.action_fields);
}

data::Field infer_observation_field(
    const data::hdf5::Dataset& dataset, const std::string& name,
    const std::map<std::string, data::Role>& roles) {
  const auto role = roles.find(name);
  const bool may_be_image = dataset.has_byte_sequences() ||
                            role == roles.end() ||
                            role->second == data::Role::image;
  if (may_be_image) {
    if (auto field = infer_compressed_image_field(dataset, name)) {
      return *std::move(field);
    }
  }
  if (dataset.is_text() && dataset.shape().size() == 1) {
    data::Field field;
    field.name = name;
    field.role = data::Role::text;
    return field;
  }
  return infer_numeric_field(dataset, name,
                             std::numeric_limits<double>::infinity());
}

data::Field infer_action_field(const data::hdf5::Dataset& dataset) {
  data::Field field = infer_numeric_field(dataset, "action", 1);
  if (data::is_integer(field.dtype)) {
    field.role = data::Role::discrete;
  }
  return field;
}

}  // namespace gato::ingest
