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

constexpr unsigned kMaxSeconds = 120;  // of wall time, on a busy machine too

// [first, last), of a length between 1 and 4096, small ones as often as large.
std::pair<size_t, size_t> random_range(size_t size,
                                       base::RandomStream& random) {
  const size_t first = random.uniform_int(size);
  const size_t length =
      1 + random.uniform_int(size_t{1} << random.uniform_int(13));
  return {first, std::min(size, first + length)};
}

void mutate(std::string& bytes, base::RandomStream& random) {
  if (bytes.empty()) return;
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

// What a child tells its parent, who may see it die.
struct ChildReport {
  int next = 0;  // the corruption that is being read, or count
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
  for (uint64_t n = 1 + random.uniform_int(3); n > 0; --n)
    mutate(bytes, random);
  return bytes;
}

CorruptionOutcomes read_corrupted_copies(
    const std::string& bytes, const fs::path& file, int count, uint64_t seed,
    const std::function<void(const TestDirectory&)>& work) {
  SharedChildReport shared;
  CorruptionOutcomes verdicts;
  const TestDirectory outputs;
  const auto fail = [&shared](const std::string& fault) {
    std::snprintf(shared->failure, sizeof shared->failure, "%s", fault.c_str());
    ::_exit(1);
  };
  const auto read_rest = [&] {
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
        work(outputs);
        ++shared->accepted;
      } catch (const base::Error& error) {
        ++shared->rejected;
        const auto names = outputs.entry_names();
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
    shared->failure[0] = '\0';
    const pid_t child = ::fork();
    if (child == 0) read_rest();
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    // As a program ends where libhdf5 fails.
    if (WIFEXITED(status) && outputs.entry_names().empty() &&
        WEXITSTATUS(status) == static_cast<int>(base::ExitStatus::bad_input)) {
      ++shared->rejected;
      continue;
    }
    std::string fault = shared->failure;
    if (fault.empty()) {
      fault = WIFSIGNALED(status)
                  ? fmt::format("signal {}", WTERMSIG(status))
                  : fmt::format("exit status {}", WEXITSTATUS(status));
    }
    verdicts.failures.push_back(
        fmt::format("corruption {}: {}", shared->next, fault));
  }
  verdicts.accepted = shared->accepted;
  verdicts.rejected = shared->rejected;
  return verdicts;
}

}  // namespace gato::test
