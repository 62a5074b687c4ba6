// What a packing run achieved: shares, prompts, fill.
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
  // Of the sequences of `range`.
  PackingReport(const PackedDataset& dataset, base::Shard::Range range);
  void add(const RowPlan& plan, const PackedRow& row);
  void set_distinct_patches(int64_t count) { distinct_patches_ = count; }

  int64_t sequences() const { return range_.size(); }
  int64_t patches() const { return patches_; }
  int64_t distinct_patches() const { return distinct_patches_; }
  int64_t rows_without_target() const { return rows_without_target_; }
  // Of --window-steps: runs of steps that are longer than a row.
  int64_t cut_windows() const { return cut_windows_; }
  // {"sequences","length","fill","windows","tokens","targets","prompted",
  //  "rows_without_target","cut_windows","patches","distinct_patches","first_sequence"
  //  and "all_sequences": where --shard has these within the run,
  //  "mixture":[{"input","task","weight","share","achieved","sequences",
  //  "prompted","windows","tokens","targets","fill"}]}: one record for each
  // task of each entry; shares of all sequences, fill of the tokens of its
  // rows.
  nlohmann::ordered_json to_json() const;
  // The same for reading: one line a record and one for all.
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
