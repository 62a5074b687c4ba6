// Errors that say where: a file, a record.
#pragma once

#include <string>

#include "gato/base/error.h"

namespace gato {

// What `work` returns; an Error of it begins with "PLACE: ".
template <class Work>
auto placed(const std::string& place, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("{}: {}", place, error.what()));
  }
}

}  // namespace gato
