// RUN, the directory of a training run:
//   step-N/        the checkpoint after N steps (train/run/checkpoint.h)
//   latest         reference to the newest checkpoint
//                  (data/checkpoint_directory.h)
//   best           reference to the checkpoint of the lowest validation loss,
//                  with --keep-best
//   metrics.jsonl  one JSON object per line, with the time of day
//   config.toml    the configuration, in the format that --config reads
//   demonstrations.json  which demonstrations the run is trained on, for
//                  gato-finetune
//   log.txt        the messages
//   .lock          exists while a process trains in the directory
//   events.out.tfevents.*  the numbers of metrics.jsonl for TensorBoard, if
//                          requested
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
  // The owner writes to the directory. Observers, which are the other ranks of
  // the run, only use its paths.
  enum class Role { owner, observer };
  // Creates the directory if it is missing and locks it until the object is
  // destroyed (owner only). Throws Error(usage) if another process trains in
  // it, Error(io) if it cannot be created.
  explicit RunDirectory(std::filesystem::path path, Role role = Role::owner);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoint_path(int64_t step) const;
  std::filesystem::path metrics_path() const;
  std::filesystem::path config_path() const;
  std::filesystem::path demonstrations_path() const;
  std::filesystem::path log_path() const;

  // Returns the steps of all checkpoints in ascending order.
  std::vector<int64_t> checkpoint_steps() const;
  // Returns the newest checkpoint whose files match its manifest, or nullopt if
  // there are no checkpoints. Warns of every newer one that is incomplete.
  // Throws Error(bad_input) if there are checkpoints but none is complete, or
  // if one is of a newer version than this program reads.
  std::optional<int64_t> latest_complete_checkpoint();

  // Makes RUN/latest refer to the checkpoint of step `latest` and RUN/best to
  // that of step `best`; removes RUN/best if there is no such checkpoint. The
  // first time that a reference cannot be a symbolic link, warns: it is then a
  // file with the name of the checkpoint. Never throws, because the checkpoints
  // are usable without the references.
  void set_references(int64_t latest, std::optional<int64_t> best);
  // The rules by which prune_checkpoints() removes checkpoints.
  struct Retention {
    int64_t newest_count = 0;  // checkpoints to keep; 0: all of them
    int64_t every = 0;         // keeps multiples of this step; 0: no exception
    std::optional<int64_t> best = std::nullopt;  // step that is kept
  };
  // Removes checkpoints up to step `newest`. Those that
  // latest_complete_checkpoint() has found corrupt do not count toward
  // `newest_count`, and are removed once `newest` has reached their step. If
  // one cannot be removed, the next call tries again.
  void prune_checkpoints(int64_t newest, const Retention& retention);
  // Restores missing checkpoints from the copies of checkpoints that tools such
  // as cp -L have left in place of the references.
  void restore_copied_checkpoints();
  // Removes the files of an old run, so that the directory contains a run
  // without steps. Other files in the directory are kept.
  void reset();
  // Removes partially written files of killed processes.
  void remove_leftovers();
  // Undoes reset() after a failure before the first step, so that the same
  // command can be tried again. Removes the log if `removes_log`, and, when
  // this object is destroyed, the directory if this object has created it.
  void discard(bool removes_log);

  // Removes the lines of metrics.jsonl of steps after `step` and, with a
  // warning, those that are not objects with a number "step".
  void truncate_metrics(int64_t step);
  // Appends a line to metrics.jsonl, with the current time added as "time", and
  // to the event file if one is open.
  void append_metrics(nlohmann::json line);
  // Returns whether metrics.jsonl has a line of `step` with this key.
  bool has_metrics(int64_t step, const std::string& key) const;
  // Opens a TensorBoard event file for a run that continues from `step`, to
  // which append_metrics() writes too.
  void open_event_file(int64_t step);

 private:
  void lock();
  void set_reference(const char* name, int64_t step);
  // Returns the files of a run other than its checkpoints and its log.
  std::vector<std::filesystem::path> metadata_files() const;

  std::filesystem::path path_;
  bool is_created_ = false, is_locked_ = false, is_discarded_ = false;
  bool has_warned_of_links_ = false;
  std::set<int64_t> corrupt_checkpoints_;  // steps
  std::unique_ptr<TensorBoardWriter> event_writer_;
  int lock_fd_ = -1;
};

// Returns whether `path` contains a run: either metrics.jsonl, which a run
// writes first, or a checkpoint, if only as a copy in place of `latest`.
bool contains_run(const std::filesystem::path& path);

// Returns whether the directory `path` contains nothing except the lock and
// partially written files of a run that was killed before it had begun.
bool is_effectively_empty(const std::filesystem::path& path);

}  // namespace gato::train
