#include "gato/tokenize/out_of_range_values.h"

#include <spdlog/spdlog.h>

namespace gato::tokenize {

void OutOfRangeSummary::add(const std::string& task,
                            const OutOfRangeTally& tally,
                            const std::string& location) {
  for (const auto& [field, values] : tally) {
    Total& total = totals_[{task, field}];
    if (total.documents++ == 0) {
      total.values = values;
      total.location = location;
    } else {
      total.values.count += values.count;
    }
  }
}

int64_t OutOfRangeSummary::count() const {
  int64_t count = 0;
  for (const auto& [name, total] : totals_) count += total.values.count;
  return count;
}

void OutOfRangeSummary::warn() const {
  for (const auto& [name, total] : totals_) {
    const char* consequence =
        total.values.role == data::Role::discrete
            ? "values that its space does not have, which get the ids that "
              "follow"
            : "values beyond its bounds, which fall into the end bins";
    spdlog::warn(
        "task '{}': key '{}' has {} (values {}, documents {}; the first is {} "
        "in {}, step {})",
        name.first, name.second, consequence, total.values.count,
        total.documents, total.values.first, total.location, total.values.step);
  }
}

}  // namespace gato::tokenize
