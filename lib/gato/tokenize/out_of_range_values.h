// Values that their spaces do not have: discrete ones that get an id all the
// same, and bounded actions, which are clipped.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "gato/data/space.h"

namespace gato::tokenize {

// Of one field.
struct OutOfRangeValues {
  int64_t count = 0;
  double first = 0;   // the first of them
  int64_t step = -1;  // the time step that it belongs to; -1: not known yet
  data::Role role = data::Role::continuous;
};
// Of one document, by the name of the field.
using OutOfRangeTally = std::map<std::string, OutOfRangeValues>;

// Of many documents, to be told once in the end.
class OutOfRangeSummary {
 public:
  // `place` names the document in messages. Documents in their order.
  void add(const std::string& task, const OutOfRangeTally& tally,
           const std::string& location);
  int64_t count() const;
  // A warning for each field: how many, in how many documents, the first.
  void warn() const;

 private:
  struct Total {
    OutOfRangeValues values;  // of all documents; the first of the first
    int64_t documents = 0;
    std::string location;
  };
  std::map<std::pair<std::string, std::string>, Total> totals_;  // task, field
};

}  // namespace gato::tokenize
