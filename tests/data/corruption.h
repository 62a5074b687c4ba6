// Random corruption of files, and the outcomes of reading the corrupted files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/sample_documents.h"

namespace gato::test {

// Returns `bytes` after one to three random mutations: bits are flipped; a
// range is zeroed, overwritten with another range, duplicated or removed; or
// the end is truncated. The result depends only on its arguments.
std::string corrupt(std::string bytes, uint64_t seed, uint64_t number);

struct CorruptionOutcomes {
  int accepted = 0, rejected = 0;
  // Descriptions, with the number of the copy, of what must not happen: a
  // signal, a run of more than two minutes, an exception other than
  // base::Error, or a file left behind after an error.
  std::vector<std::string> failures;
};

// Writes `count` corrupted copies of `bytes` to `file`, one after another, and
// calls read(outputs) for each of them in a child process. `outputs` is an
// empty directory, which must be empty after an error.
CorruptionOutcomes read_corrupted_copies(
    const std::string& bytes, const std::filesystem::path& file, int count,
    uint64_t seed,
    const std::function<void(const TestDirectory& outputs)>& read);

}  // namespace gato::test
