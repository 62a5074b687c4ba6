// The interface of training data, independent of where its rows come from.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "gato/data/provenance.h"
#include "gato/data/sequence_file.h"
#include "gato/model/model_config.h"

namespace gato::train {

// Rows of equal length with a common task table.
class TrainingData {
 public:
  struct Row {
    data::SequenceView view;
    // [U,16,16,3]: data::patch_token(u) in the row refers to patch u.
    std::span<const uint8_t> patches;
    int32_t task = 0;  // index into tasks()
    // Owns what the spans point to, if nothing else keeps it alive.
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

  // Returns the name of the data for messages: the path of a file.
  virtual std::string display_name() const = 0;
  virtual int64_t row_count() const = 0;
  virtual int64_t sequence_length() const = 0;
  virtual int64_t window_steps() const = 0;
  virtual const data::Vocabulary& vocabulary() const = 0;
  virtual const data::TaskTable& tasks() const = 0;
  // Returns row `i`. Thread-safe. Throws Error(bad_input) if it is corrupt.
  virtual Row row(int64_t i) const = 0;
  // Returns the location of row `i` for messages: its file and its index there.
  virtual std::string row_location(int64_t i) const = 0;
  // Returns at most one demonstration per task. Task indices refer to tasks().
  virtual std::vector<data::TokenizedDocument> demonstrations() const = 0;
  // Adds the files that the data is read from to `provenance`.
  virtual void record_inputs(data::Provenance& provenance) const = 0;
  // Returns what identifies the data: a run can only be resumed with data of
  // the same fingerprint.
  virtual nlohmann::json fingerprint() const = 0;
  // Returns the files, in the order of the lists in the fingerprint, for
  // messages. There is only one by default.
  virtual std::vector<std::string> file_names() const {
    return {display_name()};
  }

 protected:
  // Returns a row that consists of views of `row` and of the patches that its
  // tokens refer to.
  static Row view_row(const data::SequenceRow& row,
                      std::span<const data::Patch> patches);
  // Returns the fields of a fingerprint that are common to all kinds of data.
  // Patch u of a row is identified by patch_numbers[u], or by u if that is
  // empty.
  nlohmann::json common_fingerprint(
      std::span<const int32_t> patch_numbers = {}) const;

 private:
  // Returns a digest of up to 1,024 evenly spaced rows and their patches.
  // Reading terabytes of data in full would delay every start.
  std::string sampled_digest(std::span<const int32_t> patch_numbers) const;
};

// Throws Error(usage) if the sequences are longer than the network's context,
// Error(bad_input) if the vocabularies differ.
void check_compatible(const model::ModelConfig& config,
                      const TrainingData& data);

}  // namespace gato::train
