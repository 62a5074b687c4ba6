// Sequences of a packing run to a file.
#pragma once

#include <cstdint>
#include <filesystem>

#include "gato/cli/shard.h"
#include "gato/data/provenance.h"
#include "gato/pack/packing.h"
#include "gato/pack/report.h"

namespace gato {

struct SequenceOutput {
  std::filesystem::path path;
  bool force = false;
  int64_t threads = 1;  // the bytes do not depend on it
};

// Writes the sequences of `range`, the report and a demonstration of each task;
// `provenance` gets the token files added. Memory is bounded by the threads, by
// a table of the distinct patches, and by half a byte a document.
PackReport write_sequences(const Packing& packing, cli::Shard::Range range,
                           const SequenceOutput& output, Provenance provenance);

}  // namespace gato
