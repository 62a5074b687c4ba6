// What a network is trained on, wherever its rows come from.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/data/sequence_file.h"

namespace gato::train {

// Rows of one length, numbered from 0, with one table of tasks.
class TrainingData {
 public:
  struct Row {
    data::SequenceView view;
    // [U,16,16,3]: what the row's patch tokens number.
    std::span<const uint8_t> patches;
    int32_t task = 0;  // index into tasks()
    // Holds what the spans show, where it lives no longer than the row.
    std::shared_ptr<const void> storage;

    std::span<const uint8_t> patch(int64_t u) const {
      return patches.subspan(static_cast<size_t>(u) * sizeof(data::Patch),
                             sizeof(data::Patch));
    }
  };

  TrainingData() = default;
  virtual ~TrainingData() = default;
  TrainingData(const TrainingData&) = delete;
  TrainingData& operator=(const TrainingData&) = delete;

  // What messages call it: the path of a file.
  virtual std::string display_name() const = 0;
  virtual int64_t row_count() const = 0;
  virtual int64_t sequence_length() const = 0;
  virtual int64_t window_steps() const = 0;
  virtual const data::Vocabulary& vocabulary() const = 0;
  virtual const data::TaskTable& tasks() const = 0;
  // Safe from several threads. Error (bad_input) where it is damaged.
  virtual Row row(int64_t i) const = 0;
  // Where messages say that it is: its file and its number in it.
  virtual std::string row_location(int64_t i) const = 0;
  // One a task where there is any, tasks numbered as in tasks().
  virtual std::vector<data::TokenizedDocument> demonstrations() const = 0;
  // Adds the files that it is read from.
  virtual void record_inputs(data::Provenance& provenance) const = 0;
  // Tells this data from other data: what a resumed run must find again.
  virtual nlohmann::json fingerprint() const = 0;

 protected:
  // The part of a fingerprint that all kinds have.
  nlohmann::json common_fingerprint() const;

 private:
  // Of up to 1,024 rows evenly through the data and the patches in them: a
  // whole reading of terabytes would delay every start.
  std::string sampled_digest() const;
};

}  // namespace gato::train
