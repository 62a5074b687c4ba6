#include "gato/train/run_directory.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/checkpoints.h"
#include "gato/data/format.h"
#include "gato/data/manifest.h"
#include "gato/train/append.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr const char* latest_name = "latest";
constexpr const char* metrics_name = "metrics.jsonl";
constexpr const char* config_name = "config.toml";
constexpr const char* log_name = "log.txt";
constexpr const char* lock_name = ".lock";

// Whether a run has files of this name.
bool is_part(const std::string& name) {
  return checkpoint_step(name) || name == metrics_name || name == config_name;
}

// Whether a killed process has left it half written.
bool is_leftover(const std::string& name) {
  const auto output = output_of_temporary(name);
  return output && is_part(*output);
}

}  // namespace

RunDirectory::RunDirectory(fs::path path, Role role) : path_(std::move(path)) {
  if (role == Role::guest) return;
  std::error_code error;
  is_created_ = fs::create_directories(path_, error);
  if (error) {
    throw io_error("{}: cannot create the directory: {}", path_.string(),
                   error.message());
  }
  lock();
}

// The lock is on a file: those on directories stay on one machine (NFS).
void RunDirectory::lock() {
  const fs::path file = path_ / lock_name;
  struct stat held {
  }, there{};
  do {  // the file may be removed, by the one who held the lock, meanwhile
    if (lock_ >= 0) ::close(lock_);
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) {
      throw io_error("{}: cannot create: {}", file.string(),
                     std::strerror(errno));
    }
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        ::close(lock_);
        throw usage_error("{}: another process is training in this directory",
                          path_.string());
      }
      spdlog::warn(
          "{}: cannot lock it: {}; see to it that no other process trains in "
          "this directory",
          file.string(), std::strerror(errno));
      return;
    }
  } while (::fstat(lock_, &held) != 0 || ::stat(file.c_str(), &there) != 0 ||
           held.st_ino != there.st_ino);
  is_locked_ = true;
}

RunDirectory::~RunDirectory() {
  if (lock_ < 0) return;
  std::error_code ignored;
  if (is_locked_) fs::remove(path_ / lock_name, ignored);
  if (is_abandoned_ && is_created_) fs::remove(path_, ignored);
  ::close(lock_);
}

fs::path RunDirectory::metrics() const { return path_ / metrics_name; }
fs::path RunDirectory::configuration() const { return path_ / config_name; }
fs::path RunDirectory::log() const { return path_ / log_name; }

fs::path RunDirectory::checkpoint(int64_t step) const {
  return path_ / checkpoint_name(step);
}

std::vector<int64_t> RunDirectory::checkpoints() const {
  return checkpoints_in(path_);
}

std::optional<int64_t> RunDirectory::newest_whole_checkpoint() {
  const std::vector<int64_t> steps = checkpoints();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    try {
      require_manifest(checkpoint(*step));
      verify_manifest(checkpoint(*step));
      return *step;
    } catch (const NewerVersion&) {
      throw;
    } catch (const Error& error) {
      spdlog::warn(
          "the checkpoint of step {} is not whole, looking for an "
          "older one: {}",
          *step, error.what());
      if (error.status() == ExitStatus::bad_input) damaged_.insert(*step);
    }
  }
  if (steps.empty()) return std::nullopt;
  throw input_error(
      "{}: none of its checkpoints is whole; start anew with --force",
      path_.string());
}

void RunDirectory::set_latest(int64_t step) {
  damaged_.erase(step);
  const fs::path temporary = path_ / ".latest.tmp";
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_directory_symlink(checkpoint(step).filename(), temporary, error);
  if (!error) fs::rename(temporary, path_ / latest_name, error);
  if (error) {
    throw io_error("{}: cannot point it to {}: {}",
                   (path_ / latest_name).string(), checkpoint(step).string(),
                   error.message());
  }
}

void RunDirectory::rotate(int64_t newest, int64_t keep,
                          int64_t keep_every) const {
  if (keep == 0) return;
  std::vector<int64_t> whole;
  std::error_code ignored;  // tried again at the next checkpoint
  for (const int64_t step : checkpoints()) {
    if (step > newest) break;
    if (damaged_.contains(step)) {
      fs::remove_all(checkpoint(step), ignored);
    } else {
      whole.push_back(step);
    }
  }
  for (size_t i = 0; i + keep < whole.size(); ++i) {
    if (keep_every > 0 && whole[i] % keep_every == 0) continue;
    fs::remove_all(checkpoint(whole[i]), ignored);
  }
}

void RunDirectory::remove_leftovers() const {
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (is_leftover(entry.path().filename().string())) {
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    }
  }
}

std::vector<fs::path> RunDirectory::own_files() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name == latest_name || name == config_name || name == metrics_name ||
        is_event_file(name)) {
      files.push_back(entry.path());
    }
  }
  return files;
}

void RunDirectory::start_anew() const {
  const auto check = [](const fs::path& path, const std::error_code& error) {
    if (!error) return;
    throw io_error("{}: cannot remove what is of an old run: {}", path.string(),
                   error.message());
  };
  std::error_code error;
  for (const int64_t step : checkpoints()) {
    fs::remove_all(checkpoint(step), error);
    check(checkpoint(step), error);
  }
  for (const fs::path& file : own_files()) {
    fs::remove(file, error);
    check(file, error);
  }
  write_file(metrics(), "", /*force=*/false);
}

void RunDirectory::abandon(bool is_own_log) {
  std::error_code ignored;
  if (!checkpoints().empty()) return;
  for (const fs::path& file : own_files()) fs::remove(file, ignored);
  if (is_own_log) fs::remove(log(), ignored);
  is_abandoned_ = true;
}

void RunDirectory::open_events(int64_t step) {
  events_ = std::make_unique<EventFile>(path_, step);
}

void RunDirectory::truncate_metrics(int64_t step) const {
  if (!fs::exists(metrics())) return;
  std::ifstream input(metrics());
  std::string kept, line;
  while (std::getline(input, line)) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("step", step + 1) <= step) {
      kept += line + "\n";
    }
  }
  write_file(metrics(), kept, /*force=*/true);
}

void RunDirectory::append_metrics(const nlohmann::json& line) const {
  if (events_) events_->add(line.at("step"), line);
  append_whole(metrics(), line.dump() + "\n");
}

bool holds_run(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return false;
  return fs::exists(path / metrics_name) || !checkpoints_in(path).empty();
}

bool holds_nothing(const fs::path& path) {
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name != lock_name && !is_leftover(name)) return false;
  }
  return true;
}

}  // namespace gato
