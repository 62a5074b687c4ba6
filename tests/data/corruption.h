// Files with random damage, and what becomes of reading them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/sample_documents.h"

namespace gato::test {

// `bytes` with one to three of: bits flipped, a range zeroed, overwritten by
// another range, doubled or left out, the end cut. A function of (seed,
// number).
std::string corrupt(std::string bytes, uint64_t seed, uint64_t number);

struct CorruptionOutcomes {
  int accepted = 0, rejected = 0;
  // What must not happen, each with its number: a signal, two minutes without
  // an end, an exception that is no gato::Error, a file that stays behind.
  std::vector<std::string> failures;
};

// Writes `count` corrupted copies of `bytes` to `file`, one after another, and
// calls work(outputs) after each, in child processes; `outputs` is an empty
// folder, in which nothing may lie after an error.
CorruptionOutcomes read_corrupted_copies(
    const std::string& bytes, const std::filesystem::path& file, int count,
    uint64_t seed,
    const std::function<void(const TestDirectory& outputs)>& work);

}  // namespace gato::test
