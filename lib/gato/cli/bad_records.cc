#include "gato/cli/bad_records.h"

#include <spdlog/spdlog.h>

namespace gato::cli {

void BadRecords::tolerate(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    if (!is_of_record(known) || skipped_ >= tolerated_) throw;
    ++skipped_;
    spdlog::warn("skipped: {}", known.what());
  }
}

bool BadRecords::is_of_record(const Error& error) const {
  return error.status() == ExitStatus::bad_input ||
         (kind_ == Kind::file && error.status() == ExitStatus::io);
}

}  // namespace gato::cli
