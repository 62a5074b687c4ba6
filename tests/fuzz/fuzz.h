// Code shared by the fuzzers, which are libFuzzer programs. Input may be
// refused with a base::Error. Every other exception is a finding, and so is
// every report of the sanitizers.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "gato/base/error.h"

#define FUZZ_REQUIRE(condition)         \
  do {                                  \
    if (!(condition)) __builtin_trap(); \
  } while (false)

namespace gato::fuzz {

// A file in memory, for readers that need a path.
class MemoryFile {
 public:
  MemoryFile()
      : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)),
        path_("/proc/self/fd/" + std::to_string(descriptor_)) {}
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void fill(std::string_view bytes) {
    FUZZ_REQUIRE(::ftruncate(descriptor_, 0) == 0);
    FUZZ_REQUIRE(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) ==
                 static_cast<ssize_t>(bytes.size()));
  }

 private:
  int descriptor_;
  std::filesystem::path path_;
};

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Runs `work`. Returns false if it throws a base::Error, otherwise true.
template <class Work>
bool accepts(Work work) {
  static const bool is_quiet = (spdlog::set_level(spdlog::level::off), true);
  (void)is_quiet;
  try {
    work();
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace gato::fuzz
