#include "gato/train/run/run_directory.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <sstream>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/lock_file.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/data/file_format.h"
#include "gato/train/run/checkpoint.h"
#include "gato/train/run/metrics_files.h"

// The owner holds a lock on RUN/.lock for as long as it lives. Everything else
// in the directory is written so that a killed process leaves it consistent:
// checkpoints are written under a temporary name and renamed, metrics are
// appended line by line, and truncate_metrics() removes a partial line and the
// lines of steps that a resumed run repeats.
namespace gato::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMetricsFile = "metrics.jsonl";
constexpr const char* kConfigFile = "config.toml";
constexpr const char* kDemonstrationsFile = "demonstrations.json";
constexpr const char* kLogFile = "log.txt";
constexpr const char* kLockFile = ".lock";

bool is_reference(const std::string& name) {
  return name == data::kLatestReference || name == data::kBestReference;
}

// Returns whether a run writes files or checkpoints of this name.
bool is_run_file(const std::string& name) {
  return data::parse_checkpoint_name(name) || is_reference(name) ||
         name == kMetricsFile || name == kConfigFile ||
         name == kDemonstrationsFile;
}

// Returns "step" of a line of metrics.jsonl, and nullopt if the line is torn or
// of another form.
std::optional<double> parse_step(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  const auto step = json.is_object() ? json.find("step") : json.end();
  if (step == json.end() || !step->is_number()) {
    return std::nullopt;
  }
  return step->get<double>();
}

// Returns the current time as "2026-01-31T23:59:59Z" (ISO 8601).
std::string utc_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

// Returns whether this is the temporary name of a file or checkpoint that a
// killed process has not completed.
bool is_leftover(const std::string& name) {
  const auto output = base::final_output_name(name);
  return output && is_run_file(*output);
}

}  // namespace

RunDirectory::RunDirectory(fs::path path, Role role) : path_(std::move(path)) {
  if (role == Role::observer) {
    return;
  }
  std::error_code error;
  is_created_ = fs::create_directories(path_, error);
  if (error) {
    throw base::io_error("{}: cannot create the directory: {}", path_.string(),
                         error.message());
  }
  lock();
}

// Locks a file rather than the directory, because over NFS a lock on a
// directory is not seen by other machines.
void RunDirectory::lock() {
  const fs::path file = path_ / kLockFile;
  const base::LockedFile locked = base::open_and_lock(
      file, fmt::format("{}: another process is training in this directory",
                        path_.string()));
  lock_fd_ = locked.descriptor;
  is_locked_ = !locked.failure;
  if (!is_locked_) {
    spdlog::warn(
        "{}: cannot lock it: {}: make sure that no other process trains in "
        "this directory",
        file.string(), locked.failure.message());
  }
}

RunDirectory::~RunDirectory() {
  if (lock_fd_ < 0) {
    return;
  }
  std::error_code ignored;
  if (is_locked_) {
    fs::remove(path_ / kLockFile, ignored);
  }
  if (is_discarded_ && is_created_) {
    fs::remove(path_, ignored);
  }
  ::close(lock_fd_);
}

fs::path RunDirectory::metrics_path() const { return path_ / kMetricsFile; }
fs::path RunDirectory::config_path() const { return path_ / kConfigFile; }
fs::path RunDirectory::demonstrations_path() const {
  return path_ / kDemonstrationsFile;
}
fs::path RunDirectory::log_path() const { return path_ / kLogFile; }

fs::path RunDirectory::checkpoint_path(int64_t step) const {
  return path_ / data::checkpoint_name(step);
}

std::vector<int64_t> RunDirectory::checkpoint_steps() const {
  return data::list_checkpoint_steps(path_);
}

std::optional<int64_t> RunDirectory::latest_complete_checkpoint() {
  const std::vector<int64_t> steps = checkpoint_steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    try {
      data::require_manifest(checkpoint_path(*step));
      data::verify_manifest(checkpoint_path(*step));
      return *step;
    } catch (const data::NewerVersionError&) {
      throw;
    } catch (const base::Error& error) {
      spdlog::warn(
          "the checkpoint of step {} is incomplete or corrupt, trying an older "
          "one: {}",
          *step, error.what());
      if (error.status() == base::ExitStatus::bad_input) {
        corrupt_checkpoints_.insert(*step);
      }
    }
  }
  if (steps.empty()) {
    return std::nullopt;
  }
  throw base::input_error(
      "{}: all of its checkpoints are incomplete or corrupt: start a new run "
      "with --force",
      path_.string());
}

void RunDirectory::set_references(int64_t latest, std::optional<int64_t> best) {
  corrupt_checkpoints_.erase(latest);
  set_reference(data::kLatestReference, latest);
  if (best && data::has_manifest(checkpoint_path(*best))) {
    set_reference(data::kBestReference, *best);
  } else {
    data::remove_checkpoint_reference(path_ / data::kBestReference);
  }
}

void RunDirectory::set_reference(const char* name, int64_t step) {
  const fs::path reference = path_ / name;
  const auto warn = [&](const std::string& reason, const char* consequence) {
    if (!std::exchange(has_warned_of_links_, true)) {
      spdlog::warn("{}: cannot make a symbolic link: {}: {}",
                   reference.string(), reason, consequence);
    }
  };
  try {
    const std::error_code error = data::write_checkpoint_reference(
        reference, data::checkpoint_name(step));
    if (error) {
      warn(error.message(),
           "wrote a file containing the checkpoint's name instead, which gato "
           "programs follow like a link");
    }
  } catch (const base::Error& error) {
    warn(error.what(),
         "specify the directory of the run, for which its newest complete "
         "checkpoint is used, or the checkpoint itself");
  }
}

void RunDirectory::prune_checkpoints(int64_t newest,
                                     const Retention& retention) {
  if (retention.newest_count == 0) {
    return;
  }
  std::vector<int64_t> complete_steps;
  std::error_code ignored;  // retried at the next checkpoint
  for (const int64_t step : checkpoint_steps()) {
    if (step > newest) {
      break;
    }
    if (corrupt_checkpoints_.contains(step)) {
      fs::remove_all(checkpoint_path(step), ignored);
    } else {
      complete_steps.push_back(step);
    }
  }
  for (size_t i = 0; i + retention.newest_count < complete_steps.size(); ++i) {
    const int64_t step = complete_steps[i];
    const bool is_kept = step == retention.best ||
                         (retention.every > 0 && step % retention.every == 0);
    if (!is_kept) {
      fs::remove_all(checkpoint_path(step), ignored);
    }
  }
}

void RunDirectory::restore_copied_checkpoints() {
  for (const char* name : {data::kLatestReference, data::kBestReference}) {
    const fs::path copy = path_ / name;
    if (!data::is_checkpoint_copy(copy)) {
      continue;
    }
    const fs::path checkpoint = checkpoint_path(read_training_state(copy).step);
    if (data::has_manifest(checkpoint)) {
      continue;
    }
    std::error_code error;
    fs::remove_all(checkpoint, error);  // an unfinished one
    fs::rename(copy, checkpoint, error);
    if (error) {
      throw base::io_error("{}: cannot rename it to {}: {}", copy.string(),
                           checkpoint.string(), error.message());
    }
  }
}

void RunDirectory::remove_leftovers() {
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (is_leftover(entry.path().filename().string())) {
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    }
  }
}

std::vector<fs::path> RunDirectory::metadata_files() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name == kConfigFile || name == kMetricsFile ||
        name == kDemonstrationsFile || is_event_file(name)) {
      files.push_back(entry.path());
    }
  }
  return files;
}

void RunDirectory::reset() {
  const auto check = [](const fs::path& path, const std::error_code& error) {
    if (!error) {
      return;
    }
    throw base::io_error("{}: cannot remove a file of an earlier run: {}",
                         path.string(), error.message());
  };
  std::error_code error;
  for (const int64_t step : checkpoint_steps()) {
    fs::remove_all(checkpoint_path(step), error);
    check(checkpoint_path(step), error);
  }
  for (const char* name : {data::kLatestReference, data::kBestReference}) {
    check(path_ / name, data::remove_checkpoint_reference(path_ / name));
  }
  for (const fs::path& file : metadata_files()) {
    fs::remove(file, error);
    check(file, error);
  }
  base::write_file(metrics_path(), "", /*force=*/false);
}

void RunDirectory::discard(bool removes_log) {
  std::error_code ignored;
  if (!checkpoint_steps().empty()) {
    return;
  }
  for (const fs::path& file : metadata_files()) {
    fs::remove(file, ignored);
  }
  if (removes_log) {
    fs::remove(log_path(), ignored);
  }
  is_discarded_ = true;
}

void RunDirectory::open_event_file(int64_t step) {
  event_writer_ = std::make_unique<TensorBoardWriter>(path_, step);
}

void RunDirectory::truncate_metrics(int64_t step) {
  if (!fs::exists(metrics_path())) {
    return;
  }
  std::istringstream input(base::read_file(metrics_path()));
  std::string kept, line;
  int64_t invalid_count = 0, first_invalid = 0;
  for (int64_t number = 1; std::getline(input, line); ++number) {
    const std::optional<double> line_step = parse_step(line);
    if (!line_step) {
      first_invalid = invalid_count++ == 0 ? number : first_invalid;
    } else if (*line_step <= static_cast<double>(step)) {
      kept += line + "\n";
    }
  }
  if (invalid_count > 0) {
    spdlog::warn(
        "{}: line {}: not a JSON object with a number \"step\": removing it{}",
        metrics_path().string(), first_invalid,
        invalid_count > 1
            ? fmt::format(" and {} more of this kind", invalid_count - 1)
            : "");
  }
  base::write_file(metrics_path(), kept, /*force=*/true);
}

void RunDirectory::append_metrics(nlohmann::json line) {
  line["time"] = utc_time();
  if (event_writer_) {
    event_writer_->add_scalars(line.at("step"), line);
  }
  append_record(metrics_path(), line.dump() + "\n");
}

bool RunDirectory::has_metrics(int64_t step, const std::string& key) const {
  if (!fs::exists(metrics_path())) {
    return false;
  }
  std::istringstream input(base::read_file(metrics_path()));
  std::string line;
  while (std::getline(input, line)) {
    if (parse_step(line) == static_cast<double>(step) &&
        nlohmann::json::parse(line).contains(key)) {
      return true;
    }
  }
  return false;
}

bool contains_run(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    return false;
  }
  return fs::exists(path / kMetricsFile) ||
         !data::list_checkpoint_steps(path).empty() ||
         data::is_checkpoint_copy(path / data::kLatestReference);
}

bool is_effectively_empty(const fs::path& path) {
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name != kLockFile && !is_leftover(name)) {
      return false;
    }
  }
  return true;
}

}  // namespace gato::train
