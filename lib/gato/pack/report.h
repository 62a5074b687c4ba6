// What a packing run achieved: shares, prompts, fill.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/pack/corpus.h"
#include "gato/pack/row.h"
#include "gato/pack/sampler.h"

namespace gato {

class PackReport {
 public:
  PackReport(const Corpus& corpus, const std::vector<MixtureEntry>& mixture,
             const Sampler& sampler, int64_t length);
  void add(const RowPlan& plan, const PackedRow& row);

  int64_t rows_without_target() const { return rows_without_target_; }
  // {"sequences","length","fill","targets","prompted","rows_without_target",
  //  "mixture":[{"input","task","weight","share","achieved","sequences",
  //  "prompted","windows","tokens","targets","fill"}]}: one record for each
  // task of each entry; shares of all sequences, fill of the tokens of its
  // rows.
  nlohmann::json to_json() const;
  // The same for reading: one line a record and one for all.
  std::string table() const;

 private:
  struct Record {
    std::string input, task;
    double weight, share;
    int64_t sequences = 0, prompted = 0, windows = 0, tokens = 0, targets = 0;
  };
  Record total() const;

  int64_t length_;
  int64_t rows_without_target_ = 0;
  std::vector<std::vector<Record>> records_;  // [entry][stratum]
};

}  // namespace gato
