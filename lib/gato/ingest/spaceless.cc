#include "gato/ingest/spaceless.h"

#include <limits>

#include "gato/base/error.h"

namespace gato {
namespace {

Field numeric_field(const hdf5::Dataset& dataset, const std::string& name,
                    double bound) {
  const auto dtype = dataset.dtype();
  if (!dtype) {
    throw input_error("{}: the elements are neither numbers nor booleans",
                      dataset.label());
  }
  if (dataset.shape().empty()) {
    throw input_error("{}: one value, not one a step", dataset.label());
  }
  Field field;
  field.name = name;
  field.dtype = *dtype;
  field.shape.assign(dataset.shape().begin() + 1, dataset.shape().end());
  if (is_floating(*dtype)) {
    const auto elements = static_cast<size_t>(element_count(field.shape));
    field.low.assign(elements, -bound);
    field.high.assign(elements, bound);
  }
  field.role = default_role(field, Space::Kind::box);
  return field;
}

}  // namespace

Field observation_field(const hdf5::Dataset& dataset, const std::string& name) {
  if (dataset.is_text() && dataset.shape().size() == 1) {
    Field field;
    field.name = name;
    field.role = Role::text;
    return field;
  }
  return numeric_field(dataset, name, std::numeric_limits<double>::infinity());
}

Field action_field(const hdf5::Dataset& dataset) {
  Field field = numeric_field(dataset, "action", 1);
  if (is_integer(field.dtype)) field.role = Role::discrete;
  return field;
}

}  // namespace gato
