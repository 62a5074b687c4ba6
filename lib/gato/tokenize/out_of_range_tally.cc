#include "gato/tokenize/out_of_range_tally.h"

#include <spdlog/spdlog.h>

#include <cmath>

namespace gato::tokenize {

void OutOfRangeTally::add(const data::Field& field, double value) {
  Values& values = by_key_[field.name];
  if (values.count++ > 0) {
    return;
  }
  values.documents = 1;
  values.role = field.role;
  values.first = value;
  values.first_step = step_;
}

void OutOfRangeTally::add_document(const OutOfRangeTally& document,
                                   const std::string& location) {
  for (const auto& [key, values] : document.by_key_) {
    Values& total = by_key_[key];
    if (total.count == 0) {
      total = values;
      total.first_location = location;
    } else {
      total.count += values.count;
      total.documents += values.documents;
    }
  }
}

int64_t OutOfRangeTally::count() const {
  int64_t count = 0;
  for (const auto& [key, values] : by_key_) {
    count += values.count;
  }
  return count;
}

void OutOfRangeTally::warn(const std::string& task) const {
  for (const auto& [key, values] : by_key_) {
    const char* consequence =
        values.role == data::Role::discrete
            ? "values outside its space, which get the ids that follow it"
        : std::isinf(values.first)
            ? "infinite values, which are clipped to the end bins"
            : "values outside its bounds, which are clipped to the end bins";
    spdlog::warn(
        "task '{}': key '{}' has {} (values {}, documents {}; the first is {} "
        "in {}, step {})",
        task, key, consequence, values.count, values.documents, values.first,
        values.first_location, values.first_step);
  }
}

}  // namespace gato::tokenize
