// Writes Minari 0.5 datasets that the Minari library loads:
// DIR/data/main_data.hdf5 and DIR/data/metadata.json.
// Reading, with all its variants, is in ingest/episodes/minari.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/data/episode.h"
#include "gato/data/provenance.h"
#include "gato/data/task.h"

namespace gato::ingest {

// Error (usage) where `directory` holds anything but Minari datasets, in it or
// in folders below it: what --force may not replace.
void require_only_minari_datasets(const std::filesystem::path& directory);

struct MinariDatasetInfo {
  data::TaskSpec spec;  // attributes gato_task, gato_domain
  std::string source;   // attribute gato_source, algorithm_name
};

// Fields whose names hold '/' become nested Dict spaces ("_index_i": Tuple);
// "observation" and "action" alone become bare spaces. Expert actions are
// written to infos/expert_action (same nesting as the actions, one row a step),
// scalars of Episode::infos to infos/NAME with T+1 rows. Images are stored raw
// ("jpeg_encoding": false). Without an EnvSpec of gymnasium there is no
// env_spec. The HDF5 root holds episodes only, so that Minari can append to it;
// provenance is its attribute gato_provenance (JSON).
class MinariWriter {
 public:
  // Messages say `shown` where that is given: `directory` may lie within an
  // output that is itself still temporary.
  MinariWriter(const std::filesystem::path& directory, bool force,
               const MinariDatasetInfo& description,
               const std::filesystem::path& reported = {});
  ~MinariWriter();
  // Every column must have the rows that Episode asks for.
  void append(const data::Episode& episode);
  int64_t episode_count() const;
  void commit(const data::Provenance& provenance);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gato::ingest
