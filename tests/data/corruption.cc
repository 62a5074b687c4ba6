#include "data/corruption.h"

#include <fmt/ranges.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "gato/base/error.h"
#include "gato/base/library_faults.h"
#include "gato/base/output.h"
#include "gato/base/random.h"

namespace gato::test {
namespace {

namespace fs = std::filesystem;

constexpr unsigned most_seconds = 120;  // of wall time, on a busy machine too

// [first, last), of a length between 1 and 4096, small ones as often as large.
std::pair<size_t, size_t> random_range(size_t size, RandomStream& random) {
  const size_t first = random.below(size);
  const size_t length = 1 + random.below(size_t{1} << random.below(13));
  return {first, std::min(size, first + length)};
}

void damage(std::string& bytes, RandomStream& random) {
  if (bytes.empty()) return;
  const auto [first, last] = random_range(bytes.size(), random);
  const size_t length = last - first;
  switch (random.below(6)) {
    case 0:
      for (uint64_t n = 1 + random.below(8); n > 0; --n) {
        bytes[random.below(bytes.size())] ^=
            static_cast<char>(1 << random.below(8));
      }
      break;
    case 1:
      std::fill_n(&bytes[first], length, '\0');
      break;
    case 2: {
      const std::string other =
          bytes.substr(random.below(bytes.size()), length);
      bytes.replace(first, other.size(), other);
      break;
    }
    case 3:
      bytes.insert(first, bytes.substr(first, length));
      break;
    case 4:
      bytes.erase(first, length);
      break;
    default:
      bytes.resize(first);
  }
}

// What a child tells its parent, who may see it die.
struct Shared {
  int next = 0;  // the corruption that is being read, or count
  int accepted = 0, refused = 0;
  char fault[400] = {};
};

class SharedMemory {
 public:
  SharedMemory()
      : shared_(new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared) {}
  ~SharedMemory() { ::munmap(shared_, sizeof(Shared)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  Shared* operator->() { return shared_; }

 private:
  Shared* shared_;
};

}  // namespace

std::string corrupted(std::string bytes, uint64_t seed, uint64_t number) {
  RandomStream random(seed, {number});
  for (uint64_t n = 1 + random.below(3); n > 0; --n) damage(bytes, random);
  return bytes;
}

Verdicts read_corrupted(const std::string& bytes, const fs::path& file,
                        int count, uint64_t seed,
                        const std::function<void(const Folder&)>& work) {
  SharedMemory shared;
  Verdicts verdicts;
  const Folder outputs;
  const auto fail = [&shared](const std::string& fault) {
    std::snprintf(shared->fault, sizeof shared->fault, "%s", fault.c_str());
    ::_exit(1);
  };
  const auto read_rest = [&] {
    refuse_files_on_library_faults(/*most_seconds=*/2);
    for (; shared->next < count; ++shared->next) {
      ::alarm(most_seconds);
      for (const std::string& name : outputs.names()) {
        fs::remove_all(outputs / name);
      }
      write_file(file,
                 corrupted(bytes, seed, static_cast<uint64_t>(shared->next)),
                 true);
      try {
        work(outputs);
        ++shared->accepted;
      } catch (const Error& error) {
        ++shared->refused;
        const auto names = outputs.names();
        if (names.empty()) continue;
        fail(fmt::format("leaves {} after: {}", fmt::join(names, ", "),
                         error.what()));
      } catch (const std::exception& error) {
        fail(fmt::format("no gato::Error: {}", error.what()));
      }
    }
    ::_exit(0);
  };
  for (; shared->next < count; ++shared->next) {
    shared->fault[0] = '\0';
    const pid_t child = ::fork();
    if (child == 0) read_rest();
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    // As a program ends where libhdf5 fails.
    if (WIFEXITED(status) && outputs.names().empty() &&
        WEXITSTATUS(status) == static_cast<int>(ExitStatus::bad_input)) {
      ++shared->refused;
      continue;
    }
    std::string fault = shared->fault;
    if (fault.empty()) {
      fault = WIFSIGNALED(status)
                  ? fmt::format("signal {}", WTERMSIG(status))
                  : fmt::format("exit status {}", WEXITSTATUS(status));
    }
    verdicts.faults.push_back(
        fmt::format("corruption {}: {}", shared->next, fault));
  }
  verdicts.accepted = shared->accepted;
  verdicts.refused = shared->refused;
  return verdicts;
}

}  // namespace gato::test
