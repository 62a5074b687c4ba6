#include "gato/base/bad_records.h"

#include <spdlog/spdlog.h>

namespace gato::base {

void BadRecordPolicy::skip_or_rethrow(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& record_error) {
    if (!is_record_error(record_error) || skipped_ >= max_skipped_) {
      throw;
    }
    ++skipped_;
    spdlog::warn("skipped: {}", record_error.what());
  }
}

bool BadRecordPolicy::is_record_error(const Error& error) const {
  return error.status() == ExitStatus::bad_input ||
         (kind_ == Kind::file && error.status() == ExitStatus::io);
}

}  // namespace gato::base
