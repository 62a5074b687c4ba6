// Writes Minari 0.5 datasets that the Minari library can load:
// DIR/data/main_data.hdf5 and DIR/data/metadata.json.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/episode.h"
#include "gato/data/provenance.h"
#include "gato/data/task.h"

namespace gato::ingest {

// Throws Error(usage) if `directory` or a folder below it contains anything but
// Minari datasets, which --force must not replace.
void require_only_minari_datasets(const std::filesystem::path& directory);

struct MinariDatasetInfo {
  data::TaskSpec spec;  // attributes gato_task, gato_domain
  std::string source;   // attribute gato_source, algorithm_name
  // More attributes of the file: integers, and objects, which are written as
  // JSON.
  nlohmann::json attributes = nlohmann::json::object();
};

// Field names that contain '/' become nested Dict spaces ("_index_i": Tuple); a
// single "observation" or "action" becomes a bare space. Expert actions are
// written to infos/expert_action (same nesting as the actions, one row per
// step), scalars of Episode::infos to infos/NAME with T+1 rows. Images are
// stored raw ("jpeg_encoding": false). There is no env_spec, since Minari
// rejects anything but a complete EnvSpec. The HDF5 root contains only
// episodes, so that Minari can append to it; provenance is its attribute
// gato_provenance (JSON).
class MinariWriter {
 public:
  // Messages say `reported`, if given, in place of `directory`, which may be
  // inside an output that is still temporary.
  MinariWriter(const std::filesystem::path& directory, bool force,
               const MinariDatasetInfo& info,
               const std::filesystem::path& reported = {});
  ~MinariWriter();
  // Every column must have the number of rows that Episode documents.
  void append(const data::Episode& episode);
  int64_t episode_count() const;
  // Completes the dataset, which appears at `directory` only now.
  void commit(const data::Provenance& provenance);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::ingest
