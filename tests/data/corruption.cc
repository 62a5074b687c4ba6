// A child process reads one copy after another until it dies or has read them
// all. The parent learns through shared memory which copy was being read, and
// starts another child for the copies after it.
#include "data/corruption.h"

#include <fmt/ranges.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/base/random.h"

namespace gato::test {
namespace {

namespace fs = std::filesystem;

// The wall time that a child may take for one copy, even on a busy machine.
constexpr unsigned kMaxSeconds = 120;

// Returns a range [first, last) of 1 to 4096 bytes, less at the end. All orders
// of magnitude are equally likely.
std::pair<size_t, size_t> random_range(size_t size,
                                       base::RandomStream& random) {
  const size_t first = random.uniform_int(size);
  const size_t length =
      1 + random.uniform_int(size_t{1} << random.uniform_int(13));
  return {first, std::min(size, first + length)};
}

// Applies one mutation.
void mutate(std::string& bytes, base::RandomStream& random) {
  if (bytes.empty()) {
    return;
  }
  const auto [first, last] = random_range(bytes.size(), random);
  const size_t length = last - first;
  switch (random.uniform_int(6)) {
    case 0:
      for (uint64_t n = 1 + random.uniform_int(8); n > 0; --n) {
        bytes[random.uniform_int(bytes.size())] ^=
            static_cast<char>(1 << random.uniform_int(8));
      }
      break;
    case 1:
      std::fill_n(&bytes[first], length, '\0');
      break;
    case 2: {
      const std::string other =
          bytes.substr(random.uniform_int(bytes.size()), length);
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

// The progress of the children, in memory that they share with their parent.
struct ChildReport {
  int next = 0;  // the number of the copy that is being read, or the count
  int accepted = 0, rejected = 0;
  char failure[400] = {};
};

class SharedChildReport {
 public:
  SharedChildReport()
      : report_(
            new (::mmap(nullptr, sizeof(ChildReport), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0)) ChildReport) {}
  ~SharedChildReport() { ::munmap(report_, sizeof(ChildReport)); }
  SharedChildReport(const SharedChildReport&) = delete;
  SharedChildReport& operator=(const SharedChildReport&) = delete;
  ChildReport* operator->() { return report_; }

 private:
  ChildReport* report_;
};

}  // namespace

std::string corrupt(std::string bytes, uint64_t seed, uint64_t number) {
  base::RandomStream random(seed, {number});
  for (uint64_t n = 1 + random.uniform_int(3); n > 0; --n) {
    mutate(bytes, random);
  }
  return bytes;
}

CorruptionOutcomes read_corrupted_copies(
    const std::string& bytes, const fs::path& file, int count, uint64_t seed,
    const std::function<void(const TestDirectory&)>& read) {
  SharedChildReport shared;
  CorruptionOutcomes outcomes;
  const TestDirectory outputs;
  const auto fail = [&shared](const std::string& failure) {
    std::snprintf(shared->failure, sizeof shared->failure, "%s",
                  failure.c_str());
    ::_exit(1);
  };
  const auto read_remaining_copies = [&] {
    base::install_hdf5_crash_handler(/*max_seconds=*/2);
    for (; shared->next < count; ++shared->next) {
      ::alarm(kMaxSeconds);
      for (const std::string& name : outputs.entry_names()) {
        fs::remove_all(outputs / name);
      }
      base::write_file(
          file, corrupt(bytes, seed, static_cast<uint64_t>(shared->next)),
          true);
      try {
        read(outputs);
        ++shared->accepted;
      } catch (const base::Error& error) {
        ++shared->rejected;
        const auto names = outputs.entry_names();
        if (names.empty()) {
          continue;
        }
        fail(fmt::format("left {} behind after the error: {}",
                         fmt::join(names, ", "), error.what()));
      } catch (const std::exception& error) {
        fail(fmt::format("an exception other than base::Error: {}",
                         error.what()));
      }
    }
    ::_exit(0);
  };
  for (; shared->next < count; ++shared->next) {
    shared->failure[0] = '\0';
    const pid_t child = ::fork();
    if (child == 0) {
      read_remaining_copies();
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      break;
    }
    // The crash handler of libhdf5 ends a process with this status.
    if (WIFEXITED(status) && outputs.entry_names().empty() &&
        WEXITSTATUS(status) == static_cast<int>(base::ExitStatus::bad_input)) {
      ++shared->rejected;
      continue;
    }
    std::string failure = shared->failure;
    if (failure.empty()) {
      failure = WIFSIGNALED(status)
                    ? fmt::format("signal {}", WTERMSIG(status))
                    : fmt::format("exit status {}", WEXITSTATUS(status));
    }
    outcomes.failures.push_back(
        fmt::format("corruption {}: {}", shared->next, failure));
  }
  outcomes.accepted = shared->accepted;
  outcomes.rejected = shared->rejected;
  return outcomes;
}

}  // namespace gato::test
