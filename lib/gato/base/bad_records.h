// The policy of --skip-bad N: up to N unusable records are skipped, each with a
// warning.
#pragma once

#include <cstdint>
#include <exception>
#include <type_traits>

#include "gato/base/error.h"

namespace gato::base {

// The result of processing one record: a value, or an Error that is kept until
// the record's turn. Errors are handled in the order of the records, so which
// records are skipped does not depend on threads.
template <class Value>
struct Expected {
  Value value{};
  std::exception_ptr error;
};

// Returns the result of `work`, or the Error that it throws. Lets all other
// exceptions propagate.
template <class Work>
Expected<std::invoke_result_t<Work>> try_call(Work work) {
  try {
    return {work(), nullptr};
  } catch (const Error&) {
    return {{}, std::current_exception()};
  }
}

class BadRecordPolicy {
 public:
  // The errors that count as errors of a record. `content`: only errors in its
  // content (status bad_input). `file`: also failures to read it (status io),
  // for work whose records are separate input files.
  enum class Kind { content, file };
  explicit BadRecordPolicy(int64_t max_skipped, Kind kind = Kind::content)
      : max_skipped_(max_skipped), kind_(kind) {}

  // Logs each of the first `max_skipped` errors of records as a warning and
  // counts it. Rethrows the next one, and any other exception.
  void skip_or_rethrow(const std::exception_ptr& error);
  int64_t skipped() const { return skipped_; }

 private:
  bool is_record_error(const Error& error) const;
  int64_t max_skipped_, skipped_ = 0;
  Kind kind_;
};

}  // namespace gato::base
