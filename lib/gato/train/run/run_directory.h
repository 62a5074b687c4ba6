// RUN, the directory of a training run:
//   step-N/        checkpoints, N steps each (train/run/checkpoint.h)
//   latest         symbolic link to the newest checkpoint
//   metrics.jsonl  one JSON object a line
//   config.toml    the configuration, which --config reads back
//   log.txt        the messages
//   .lock          while a process trains in it
//   events.out.tfevents.*  the numbers of metrics.jsonl, where they are wanted
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gato/train/run/metrics_files.h"

namespace gato::train {

class RunDirectory {
 public:
  // The one who writes into it, or one of the other ranks of the run, which
  // know where things are.
  enum class Role { owner, observer };
  // The owner creates the directory where it is missing and locks it until the
  // object dies. Error (usage) where another process trains in it, Error (io)
  // where it cannot be made.
  explicit RunDirectory(std::filesystem::path path, Role role = Role::owner);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoint_path(int64_t step) const;
  std::filesystem::path metrics_path() const;
  std::filesystem::path config_path() const;
  std::filesystem::path log_path() const;

  // Steps of the checkpoints that are there, rising.
  std::vector<int64_t> checkpoint_steps() const;
  // The newest checkpoint whose files are all as its manifest says; warns of
  // every newer one that is not. None where there is no checkpoint at all.
  // Error (bad_input) where there are some and none is whole, or where one is
  // of a newer version than this program reads.
  std::optional<int64_t> latest_complete_checkpoint();

  // Points `latest` to this checkpoint, which is whole, in one step.
  void set_latest(int64_t step);
  // Removes the checkpoints up to step `newest` but the last `keep` of them (0:
  // removes none) and those whose step is a multiple of `keep_every` (0: none
  // is for that). Those that latest_complete_checkpoint() has found damaged
  // count for nothing: they stay until the run has come to their step.
  void prune_checkpoints(int64_t newest, int64_t keep,
                         int64_t keep_every) const;
  // Makes it a run of no steps: removes what belongs to an old one. The rest of
  // the directory stays.
  void reset() const;
  // Removes what killed processes left half written.
  void remove_leftovers() const;
  // Undoes reset() after a failure before the first step, so that the same
  // command can be tried again; a directory that was made goes with this
  // object, the log where it is the run's own.
  void discard(bool removes_log);

  // Drops the lines of metrics.jsonl that are of steps after `step`, and a last
  // line that was cut short.
  void truncate_metrics(int64_t step) const;
  void append_metrics(const nlohmann::json& line) const;
  // From now on metrics go to an event file of TensorBoard too; the run goes on
  // from `step`.
  void open_event_file(int64_t step);

 private:
  void lock();
  // Of a run, but for its checkpoints and its log.
  std::vector<std::filesystem::path> metadata_files() const;

  std::filesystem::path path_;
  bool is_created_ = false, is_locked_ = false, is_discarded_ = false;
  std::set<int64_t> corrupt_checkpoints_;  // checkpoints
  std::unique_ptr<TensorBoardWriter> event_writer_;
  int lock_fd_ = -1;
};

// Whether `path` holds a run: metrics, which a run writes first, or a
// checkpoint.
bool holds_run(const std::filesystem::path& path);

// Whether the directory `path` holds nothing but what a run leaves that is
// killed before it has begun.
bool is_effectively_empty(const std::filesystem::path& path);

}  // namespace gato::train
