// Counts values that are outside their declared spaces.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "gato/data/space.h"

namespace gato::tokenize {

// The out-of-range values of one document, or of all documents of a task, per
// key: discrete values that their spaces do not contain but that have an id,
// bounded actions, which are clipped, and infinities, which are too.
class OutOfRangeTally {
 public:
  struct Values {
    int64_t count = 0;
    int64_t documents = 0;  // that have at least one such value
    data::Role role = data::Role::continuous;
    double first = 0;  // the first such value, and its location:
    int64_t first_step = 0;
    std::string first_location;  // of its document, for messages
  };

  // Sets the time step that the next values belong to.
  void set_step(int64_t step) { step_ = step; }
  // Counts a value of `field`.
  void add(const data::Field& field, double value);
  // Adds the tally of another document, which `location` names in messages.
  void add_document(const OutOfRangeTally& document,
                    const std::string& location);

  int64_t count() const;
  const std::map<std::string, Values>& by_key() const { return by_key_; }
  // Logs one warning per key: how many values, in how many documents, and the
  // first of them.
  void warn(const std::string& task) const;

 private:
  std::map<std::string, Values> by_key_;
  int64_t step_ = 0;
};

}  // namespace gato::tokenize
