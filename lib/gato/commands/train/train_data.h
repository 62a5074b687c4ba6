// The training and validation data of gato-train, and the network that suits
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/commands/train/training_options.h"
#include "gato/model/model_config.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/input/training_data.h"

namespace gato::commands {

// The source of the sequences: files, or a mixture from which they are sampled.
struct TrainingDataOptions {
  std::vector<std::string> files;
  std::optional<std::string> mixture;
  std::optional<int64_t> length, sequences;
  std::optional<int64_t> pack_seed;
  std::vector<std::string> validation;
};

// Adds --data, --mixture and the options of a mixture, and the check that the
// latter are only given with one.
void add_training_data_options(cli::OptionTable& table,
                               TrainingDataOptions& options);

// Opens the data. Sequences of a mixture have the length and the window steps
// of the network by default.
std::unique_ptr<train::TrainingData> open_training_data(
    const TrainingDataOptions& data, const NetworkOptions& network);

// Returns the validation data, or null if there is none. Throws
// Error(bad_input) or Error(usage) if a network of this configuration cannot
// read it. Rank zero warns if its windows are not those of the training data.
std::unique_ptr<train::SequenceFileData> open_validation_data(
    const TrainingDataOptions& options, const model::ModelConfig& model,
    bool is_rank_zero);

// Returns the tokens per sequence without opening all of the data.
int64_t read_sequence_length(const TrainingDataOptions& data,
                             const NetworkOptions& network);

// Returns the configuration of a network for the data: with its vocabulary,
// tasks and window steps. Throws Error(usage) if an option is invalid or does
// not suit the data.
model::ModelConfig make_model_config(const NetworkOptions& options,
                                     const train::TrainingData& data);

}  // namespace gato::commands
