// The results of a packing run: shares, prompts and fill.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/base/shard.h"
#include "gato/pack/packed_dataset.h"

namespace gato::pack {

class PackingReport {
 public:
  // Begins an empty report on the sequences of `range`.
  PackingReport(const PackedDataset& dataset, base::Shard::Range range);
  void add(const RowPlan& plan, const PackedRow& row);
  void set_distinct_patches(int64_t count) { distinct_patches_ = count; }

  int64_t sequences() const { return range_.size(); }
  int64_t patches() const { return patches_; }
  int64_t distinct_patches() const { return distinct_patches_; }
  int64_t rows_without_target() const { return rows_without_target_; }
  // Returns the number of windows of --window-steps that were truncated because
  // they are longer than a row.
  int64_t cut_windows() const { return cut_windows_; }
  // Returns {"sequences", "length", "fill", "windows", "tokens", "targets",
  // "prompted", "rows_without_target", "cut_windows", "patches",
  // "distinct_patches", "first_sequence", "all_sequences", "mixture"}.
  // "first_sequence" and "all_sequences" say which part of the run a shard is.
  // "mixture" has one record per task of each entry: {"input", "task",
  // "weight", "share", "achieved", "sequences", "prompted", "windows",
  // "tokens", "targets", "fill"}. Shares are relative to all sequences; fill is
  // the fraction of the rows that is not padding.
  nlohmann::ordered_json to_json() const;
  // Returns the same as a table for people: one line per record, and the
  // totals.
  std::string table() const;

 private:
  struct Record {
    std::string input, task;
    double weight, share;
    int64_t sequences = 0, prompted = 0, windows = 0, tokens = 0, targets = 0;
  };
  Record totals() const;

  const int64_t length_, all_sequences_;
  const base::Shard::Range range_;
  int64_t rows_without_target_ = 0, cut_windows_ = 0;
  int64_t patches_ = 0, distinct_patches_ = 0;
  std::vector<std::vector<Record>> records_;  // [entry][stratum]
};

}  // namespace gato::pack
