// Writes the sequences of a packing run to a file.
#pragma once

#include <cstdint>
#include <filesystem>

#include "gato/base/progress.h"
#include "gato/base/shard.h"
#include "gato/data/provenance.h"
#include "gato/pack/packed_dataset.h"
#include "gato/pack/packing_report.h"

namespace gato::pack {

struct WriteOptions {
  std::filesystem::path path;
  bool force = false;
  int64_t threads = 1;  // the bytes do not depend on it
  base::ProgressDisplay* progress = nullptr;
};

// Writes the sequences of `range`, the report, and a demonstration of each
// task, and adds the token files to `provenance`. Memory usage grows with the
// number of threads and, for a table, with the number of distinct patches, plus
// half a byte per document.
PackingReport write_sequences(const PackedDataset& dataset,
                              base::Shard::Range range,
                              const WriteOptions& options,
                              data::Provenance provenance);

}  // namespace gato::pack
