// --skip-bad N: records that cannot be used are left out, up to a number.
#pragma once

#include <cstdint>
#include <exception>
#include <type_traits>

#include "gato/base/error.h"

namespace gato::base {

// What came of a record: a value, or an Error that is kept until its turn, so
// that which records are tolerated does not depend on threads.
template <class Value>
struct Expected {
  Value value{};
  std::exception_ptr error;
};

// Exceptions other than Error are not kept.
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
  // Which errors are those of a record: of its content (status bad_input) or,
  // where each record is an input file of its own, also of reading it (io).
  enum class Kind { content, file };
  explicit BadRecordPolicy(int64_t max_skipped, Kind kind = Kind::content)
      : max_skipped_(max_skipped), kind_(kind) {}

  // Passes on the first N errors of records as warnings and counts them; throws
  // the next one, and any other exception.
  void skip_or_rethrow(const std::exception_ptr& error);
  int64_t skipped() const { return skipped_; }

 private:
  bool is_record_error(const Error& error) const;
  int64_t max_skipped_, skipped_ = 0;
  Kind kind_;
};

}  // namespace gato::base
